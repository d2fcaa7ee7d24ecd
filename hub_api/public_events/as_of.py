"""A message or session as one event left it: by the time it is recorded, others may have followed. Pure."""

from __future__ import annotations

from dataclasses import replace

from shared.ledger.message import Message
from shared.names import EventType
from shared.protocol.events import MessageEnded, SessionMoved
from shared.sessions.view import SessionView
from shared.transitions.message import OUT_STATUSES, MessageStatus
from shared.transitions.session import SessionStatus

# What callers are told of a message's life: that it is out, how far it came, and how it ended.
TOLD: dict[EventType, MessageStatus] = {
    EventType.MESSAGE_SENT: MessageStatus.SENT,
    EventType.MESSAGE_DELIVERED: MessageStatus.DELIVERED,
    EventType.MESSAGE_READ: MessageStatus.READ,
    EventType.MESSAGE_FAILED: MessageStatus.FAILED,
    EventType.MESSAGE_CANCELLED: MessageStatus.CANCELLED,
    EventType.MESSAGE_EXPIRED: MessageStatus.EXPIRED,
    EventType.MESSAGE_UNCERTAIN: MessageStatus.UNCERTAIN,
}


def message_as_of(message: Message, kind: EventType, body: object) -> Message:
    """The message when an event of `TOLD` had just happened. message: as it stands now."""
    status = TOLD[kind]
    out = status in OUT_STATUSES
    error = (body.error or message.error) if isinstance(body, MessageEnded) else None
    return replace(
        message,
        status=status,
        error=error,
        sent_at_ms=message.sent_at_ms if out else None,
        delivered_at_ms=message.delivered_at_ms if out and status is not MessageStatus.SENT else None,
        read_at_ms=message.read_at_ms if status is MessageStatus.READ else None,
    )


def session_as_of(view: SessionView, moved: SessionMoved, at: int) -> SessionView:
    """The session when it had just moved. view: as it stands now. at: milliseconds."""
    snapshot = view.snapshot
    if snapshot.status is not moved.after:
        failed = moved.after is SessionStatus.ERROR
        snapshot = replace(
            snapshot,
            status=moved.after,
            since=at,
            updated_at=at,
            last_error_code=moved.cause if failed else "",
            last_error_message="",
        )
    return SessionView(snapshot, owned=True, wanted=view.wanted)
