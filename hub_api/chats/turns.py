"""What recorded events tell of conversations: who wrote where, when, and whether it is to be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.inbox.inbound_object import recorded_rows
from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import MessageRecord
from hub_api.recipients import chats
from hub_api.recipients.chats import Chat
from hub_api.recording.rows import among
from hub_api.storable import storable
from shared.names import EventType
from shared.protocol.events import Event, MessageInbound
from shared.protocol.inbound import Direction, InboundType
from shared.recipient_key import recipient_key
from shared.transitions.message import Lane

_NUMBERED = "@c.us"
# They are put to another message, or say that others follow: nobody waits for an answer to them.
QUIET = (InboundType.REACTION.value, InboundType.POLL_VOTE.value, InboundType.ALBUM.value)
_OUT = (EventType.MESSAGE_SENT, EventType.MESSAGE_DELIVERED, EventType.MESSAGE_READ)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation. at: milliseconds."""

    cliente_id: int
    chat: Chat
    at: int
    inbound: int | None = None  # the key of its row in `inbound_messages` …
    message_id: str | None = None  # … or its id among those we sent
    told_as: str | None = None  # the chat's id at WhatsApp, of a received one
    name: str | None = None  # what its sender calls himself; of a group, its name
    waits: bool = False  # it is to be read
    answers: bool = False  # whoever wrote it has read what came before


def turns(session: Session, events: Sequence[Event]) -> list[Turn]:
    """Those of events that other handlers have just recorded: first what came, then what left."""
    return [*_received(session, events), *_sent(session, events)]


def _received(session: Session, events: Sequence[Event]) -> list[Turn]:
    told = [(event, event.body) for event in events if isinstance(event.body, MessageInbound)]
    rows = recorded_rows(session, ((event.cliente_id, event.message_id) for event, _ in told))
    found = []
    for event, body in told:
        row = rows.get((event.cliente_id, event.message_id))
        if row is not None:
            found.append(_of_row(row, body))
    return found


def _of_row(row: InboundMessage, body: MessageInbound) -> Turn:
    number = row.chat_id.removesuffix(_NUMBERED) if row.chat_id.endswith(_NUMBERED) else None
    received = row.direction == Direction.IN.value
    return Turn(
        row.cliente_id,
        Chat(row.chat, row.chat_id, number),
        row.at,
        inbound=row.id,
        told_as=body.chat[:100] or None,
        name=storable(body.chat_name, 100) or (row.push_name if received and row.author is None else None),
        waits=received and row.type not in QUIET,
        answers=not received,
    )


def _sent(session: Session, events: Sequence[Event]) -> list[Turn]:
    """Messages of ours that these events show to have left. Bulk and campaigns answer nobody."""
    left: dict[str, set[int]] = defaultdict(set)
    for event in events:
        if event.type in _OUT:
            left[event.message_id].add(event.at)
    if not left:
        return []
    row = MessageRecord
    columns = row.message_id, row.cliente_id, row.to_number, row.lane, row.sent_at
    found = [
        one
        for one in session.execute(select(*columns).where(among(session, row.message_id, left)))
        if one.sent_at in left[one.message_id]  # what it read or delivered later on changes no conversation
    ]
    numbers = chats.numbers_of(session, ((one.cliente_id, recipient_key(one.to_number)) for one in found))
    return [
        Turn(
            one.cliente_id,
            chats.of_recipient(numbers.get((one.cliente_id, recipient_key(one.to_number)), one.to_number)),
            one.sent_at,
            message_id=one.message_id,
            answers=one.lane == int(Lane.SINGLE),
        )
        for one in found
    ]
