"""What became of messages after they were written, from the bridge's facts to the records of the wire. Pure.

A reaction and a vote are messages of their own; an edit and a deletion for everyone update one.
"""

from __future__ import annotations

from session_worker.engine.playwright_adapter.message_facts import Facts, person
from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.inbound import Change, Direction, InboundType, PollVote, ReactionTo


def edit_of(told: Facts) -> MessageUpdated:
    """The text that a message has now."""
    return MessageUpdated(
        str(told["key"]), Change.EDITED, int(told["at_ms"]), str(told["text"]), change_id=str(told["change_id"])
    )


def deletion_of(told: Facts) -> MessageUpdated:
    """A message that nobody has any more."""
    return MessageUpdated(str(told["key"]), Change.REVOKED, int(told["at_ms"]), change_id=str(told["change_id"]))


def reaction_of(told: Facts) -> MessageInbound:
    """An emoji put to a message, or taken back."""
    parent, at_ms = str(told["parent"]), int(told["at_ms"])
    key = str(told["key"]) or f"{_from_me(told)}_{told['chat']}_{_id_of(parent)}-{at_ms}"
    return _message(told, key, InboundType.REACTION, reaction=ReactionTo(str(told["emoji"]), parent))


def vote_of(told: Facts) -> MessageInbound:
    """All that a person chooses now in a poll."""
    options = tuple(str(one) for one in told["options"])
    return _message(told, str(told["key"]), InboundType.POLL_VOTE, vote=PollVote(str(told["poll"]), options))


def _message(
    told: Facts, key: str, kind: InboundType, *, reaction: ReactionTo | None = None, vote: PollVote | None = None
) -> MessageInbound:
    sender, chat = person(str(told["sender"])), str(told["chat"])
    return MessageInbound(
        sender=sender,
        message="",
        at=int(told["at_ms"]),
        whatsapp_id=key,
        chat_id=chat,
        author=sender if chat.endswith("@g.us") else "",
        direction=Direction.OUT if told["from_me"] else Direction.IN,
        type=kind,
        reaction=reaction,
        vote=vote,
    )


def _from_me(told: Facts) -> str:
    return "true" if told["from_me"] else "false"


def _id_of(key: str) -> str:
    return key.split("_", 2)[-1]
