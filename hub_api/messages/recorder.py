"""What messages do with events: each message has a record that follows its events, and they are kept as its history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.messages.history import records_of
from hub_api.messages.models import MessageEvent, MessageRecord, MessageRow
from hub_api.recording.rows import among, insert_rows, update_rows, values_of
from hub_api.services import Services
from hub_api.storable import history_row, storable
from hub_api.subjects import subjects
from shared.ledger.message import Message
from shared.names import EventType
from shared.protocol.content import PLAIN, Content
from shared.protocol.events import (
    ActAsked,
    ActEnded,
    Event,
    MessageDelivered,
    MessageEnded,
    MessageHeld,
    MessageKey,
    MessageQueued,
    MessageRead,
    MessageReleased,
    MessageSent,
)
from shared.transitions.message import OUT_STATUSES, MessageStatus, after

_MAX_TEXT = 10_000
_OF_CONVERSATIONS = {EventType.MESSAGE_INBOUND, EventType.MESSAGE_UPDATED, EventType.MESSAGE_MEDIA}
_OURS = frozenset(event for event in EventType if event.startswith("message.")) - _OF_CONVERSATIONS
_ALL = tuple(MessageRow.__slots__)
# What events change of a record once it is there, with what it is found by.
_FOLLOWING = (
    "message_id",
    "status",
    "attempts",
    "expires_at",
    "whatsapp_id",
    "sent_at",
    "delivered_at",
    "read_at",
    "error",
)


class MessageRecorder:
    """Takes `message.…` of messages that were sent. Raises redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._ledger = services.ledger
        self._late_key_hooks = [hook for subject in subjects() for hook in subject.late_keys]

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """Events that stand in a history."""
        ids = [event.event_id for event in events if event.type in _OURS]
        if not ids:
            return set()
        return set(session.scalars(select(MessageEvent.event_id).where(among(session, MessageEvent.event_id, ids))))

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Begins a record or follows it, and keeps the event."""
        ours = [event for event in events if event.type in _OURS and not _of_other(event)]
        if not ours:
            return
        followed = records_of(session, {event.message_id for event in ours})
        begun: dict[str, MessageRow] = {}
        late_keys: dict[tuple[int, str], str] = {}
        for event in ours:
            record, known_key = followed.get(event.message_id) or begun.get(event.message_id), None
            if record is None:
                record = begin(event) or self._of_unknown_beginning(event)
                if record is not None:
                    begun[event.message_id] = record
            elif record.cliente_id == event.cliente_id:
                known_key = record.whatsapp_id
                follow(record, event)
            key = None if record is None or isinstance(event.body, MessageKey) else record.whatsapp_id
            if key is not None and key != known_key:
                late_keys[event.cliente_id, key] = event.message_id
        insert_rows(session, MessageRecord, [values_of(record, _ALL) for record in begun.values()])
        rows = [values_of(record, _FOLLOWING) for record in followed.values()]
        update_rows(session, MessageRecord, "message_id", rows)
        insert_rows(session, MessageEvent, [history_row(event) | {"message_id": event.message_id} for event in ours])
        if late_keys:
            for hook in self._late_key_hooks:
                hook(session, late_keys)

    def _of_unknown_beginning(self, event: Event) -> MessageRow | None:
        """The record as the ledger knows the message by now; None where its record was forgotten by age."""
        message = self._ledger.entries.read(event.message_id)
        return None if message is None or message.text is None else from_ledger(message, message.text)


def _of_other(event: Event) -> bool:
    """Something that is done to a message that did not go out through us."""
    return isinstance(event.body, ActAsked | ActEnded) and event.message_id == event.body.whatsapp_id


def begin(event: Event) -> MessageRow | None:
    """The record of a message that was just accepted; None where the event is another. Raises WireError."""
    match event.body:
        case MessageQueued(to=str(to), message=str(text), lane=int(lane), accepted_at=int(at), expires_at=int(until)):
            return MessageRow(
                message_id=event.message_id,
                cliente_id=event.cliente_id,
                to_number=storable(to, 64),
                text=storable(text, _MAX_TEXT),
                **_kept(event.body.content or PLAIN),
                status=MessageStatus.QUEUED.value,
                lane=lane,
                attempts=0,
                accepted_at=at,
                expires_at=until,
                campaign_id=storable(event.body.campaign_id or "", 64) or None,
                bulk_id=storable(event.body.bulk_id or "", 64) or None,
            )
    return None


def from_ledger(message: Message, text: str) -> MessageRow:
    """A record for a message whose beginning was never recorded."""
    record = MessageRow(
        message_id=message.message_id,
        cliente_id=message.cliente_id,
        to_number=message.to,
        text=storable(text, _MAX_TEXT),
        **_kept(message.content),
        status=message.status.value,
        lane=int(message.lane),
        attempts=message.attempts,
        accepted_at=message.accepted_at_ms,
        expires_at=message.expires_at_ms,
        campaign_id=message.campaign_id,
        bulk_id=message.bulk_id,
    )
    copy(message, record)
    return record


def _kept(content: Content) -> dict[str, Any]:
    """The columns of a content. Cut short it would be worth nothing: what callers may send is short enough."""
    text, media = content.to_text(), content.media
    return {
        "content": storable(text, len(text)) or None,
        "media_sha256": None if media is None else storable(media.sha256, 64),
        "media_size": None if media is None else media.size,
    }


def copy(message: Message, record: MessageRow | MessageRecord) -> None:
    """Brings a record up to what the ledger says of its message."""
    record.status = message.status.value
    record.attempts = max(record.attempts, message.attempts)
    record.whatsapp_id = message.whatsapp_id
    record.sent_at = message.sent_at_ms
    record.delivered_at = message.delivered_at_ms
    record.read_at = message.read_at_ms
    record.error = message.error


def follow(record: MessageRow, event: Event) -> None:
    """Applies an event to its record; one that may not follow the record's status changes nothing."""
    status = MessageStatus(record.status)
    match event.body:
        case MessageKey(whatsapp_id, attempt):
            if status is MessageStatus.SENDING:
                record.whatsapp_id = storable(whatsapp_id, 200) or None
                record.attempts = max(record.attempts, attempt)
        case MessageHeld(error=error):
            if status is MessageStatus.QUEUED:
                record.error = storable(error, 60)
        case MessageReleased():
            if status is MessageStatus.QUEUED:
                record.error = None
        case _:
            following = after(status, event.type)
            if following is not None:
                _enter(record, following, event)


def _enter(record: MessageRow, status: MessageStatus, event: Event) -> None:
    record.status = status.value
    body = event.body
    error = body.error if isinstance(body, MessageQueued | MessageEnded) else ""
    if error or status is not MessageStatus.FAILED:  # a person who says that it failed leaves the cause as it was
        record.error = storable(error, 60) if error else None
    _stamp(record, status, event.at)
    if isinstance(body, MessageSent | MessageDelivered | MessageRead | MessageEnded) and record.whatsapp_id is None:
        record.whatsapp_id = storable(body.whatsapp_id, 200) or None  # the event that told it first was lost
    if isinstance(body, MessageQueued) and body.expires_at is not None:  # a person has it sent again
        record.expires_at = body.expires_at
        record.attempts = 0


def _stamp(record: MessageRow, status: MessageStatus, at: int) -> None:
    if status is MessageStatus.SENDING:
        record.attempts += 1
        record.whatsapp_id = None
    elif status is MessageStatus.QUEUED:
        record.whatsapp_id = None
    elif status in OUT_STATUSES:
        record.sent_at = record.sent_at or at
        if status is not MessageStatus.SENT:
            record.delivered_at = record.delivered_at or at
        if status is MessageStatus.READ:
            record.read_at = record.read_at or at
