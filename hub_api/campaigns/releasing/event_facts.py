"""What campaigns want to know of an event, one small reader per kind. Nothing else here looks into an event's data."""

from __future__ import annotations

from dataclasses import dataclass

from hub_api.storable import storable
from shared.names import EventType
from shared.protocol.events import Event, MessageEnded, MessageInbound, MessageQueued, SessionMoved
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionStatus


@dataclass(frozen=True, slots=True)
class Accepted:
    """A campaign's message was accepted, for this recipient in this turn. day: the local day it counts for."""

    recipient: int
    turn: int
    day: int | None


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message that somebody wrote to the tenant alone: text or caption. sender: digits, or a LID."""

    sender: str
    text: str


def status_of(event: Event) -> MessageStatus | None:
    """The status that the event gives a message; None where it gives none."""
    return _STATUSES.get(event.type)


def error_of(event: Event) -> str:
    """The code of a message's end; "" for none."""
    return storable(event.body.error, 60) if isinstance(event.body, MessageQueued | MessageEnded) else ""


def accepted_of(event: Event) -> Accepted | None:
    """Of `message.queued`; None where the message is not a campaign's, or was only queued again."""
    body = event.body
    if not isinstance(body, MessageQueued) or not body.campaign_ref:
        return None
    key, _, turn = body.campaign_ref.partition(":")
    return Accepted(int(key), int(turn), body.campaign_day or None)


def inbound_of(event: Event) -> Inbound | None:
    """None where no person wrote: what is said in a group, or by the owner on the phone, asks nothing of us."""
    body = event.body
    return Inbound(body.sender, body.message) if isinstance(body, MessageInbound) and body.from_person else None


def failure_of(event: Event) -> str:
    """The cause for which a session came to ERROR; "" for every other event."""
    body = event.body
    return body.cause if isinstance(body, SessionMoved) and body.after is SessionStatus.ERROR else ""


_STATUSES = {
    event: MessageStatus(event.value.removeprefix("message."))
    for event in EventType
    if event.value.removeprefix("message.") in set(MessageStatus)
}
