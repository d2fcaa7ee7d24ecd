"""How one event changes a message's record. Pure; a status never goes back (DESIGN, two stores)."""

from __future__ import annotations

from hub_api.messages.models import MessageRecord
from hub_api.recording.event import Event, storable
from shared.ledger.message import Message
from shared.transitions.message import FOLLOWERS, MessageStatus

_LONGEST_TEXT = 10_000


def begin(event: Event) -> MessageRecord | None:
    """The record of a message that was just accepted; None where the event is another."""
    data = event.data
    if event.type != "message.queued" or "to" not in data or "message" not in data:
        return None
    return MessageRecord(
        message_id=event.message_id,
        cliente_id=event.cliente_id,
        to_number=storable(data["to"], 20),
        text=storable(data["message"], _LONGEST_TEXT),
        status=MessageStatus.QUEUED.value,
        lane=int(data["lane"]),
        attempts=0,
        campaign_id=storable(data.get("campaign_id") or "", 64) or None,
        bulk_id=storable(data.get("bulk_id") or "", 64) or None,
        accepted_at=int(data["accepted_at"]),
        expires_at=int(data["expires_at"]),
    )


def from_ledger(message: Message) -> MessageRecord:
    """A record for a message whose beginning was never recorded."""
    return MessageRecord(
        message_id=message.message_id,
        cliente_id=message.cliente_id,
        to_number=message.to,
        text=storable(message.text, _LONGEST_TEXT),
        status=message.status.value,
        lane=int(message.lane),
        attempts=message.attempts,
        campaign_id=message.campaign_id,
        bulk_id=message.bulk_id,
        accepted_at=message.accepted_at_ms,
        expires_at=message.expires_at_ms,
        whatsapp_id=message.whatsapp_id,
        sent_at=message.sent_at_ms,
        delivered_at=message.delivered_at_ms,
        read_at=message.read_at_ms,
        error=message.error,
    )


def copy(message: Message, record: MessageRecord) -> None:
    """Brings a record up to what the ledger says of its message."""
    record.status = message.status.value
    record.attempts = max(record.attempts, message.attempts)
    record.whatsapp_id = message.whatsapp_id
    record.sent_at, record.delivered_at, record.read_at = (
        message.sent_at_ms,
        message.delivered_at_ms,
        message.read_at_ms,
    )
    record.error = message.error


_STATUSES = {status.value for status in MessageStatus}


def follow(record: MessageRecord, event: Event) -> None:
    """Applies an event to its record; one that may not follow the record's status changes nothing."""
    if event.type == "message.key":
        if record.status == MessageStatus.SENDING.value:
            record.whatsapp_id = storable(event.data.get("whatsapp_id", ""), 200) or None
            record.attempts = max(record.attempts, int(event.data.get("attempt") or 0))
        return
    name = event.type.removeprefix("message.")
    if name in ("held", "released") and record.status == MessageStatus.QUEUED.value:
        record.error = storable(event.data["error"], 60) if name == "held" else None
        return
    if name not in _STATUSES or MessageStatus(name) not in FOLLOWERS[MessageStatus(record.status)]:
        return
    record.status = name
    error = event.data.get("error")
    if error or name != MessageStatus.FAILED.value:  # a person who says that it failed leaves the cause as it was
        record.error = storable(error, 60) if error else None
    _stamp(record, MessageStatus(name), event.at)
    if name == MessageStatus.QUEUED.value and "expires_at" in event.data:  # a person has it sent again
        record.expires_at = int(event.data["expires_at"])
        record.attempts = 0


def _stamp(record: MessageRecord, status: MessageStatus, at: int) -> None:
    if status is MessageStatus.SENDING:
        record.attempts += 1
        record.whatsapp_id = None
    elif status is MessageStatus.QUEUED:
        record.whatsapp_id = None
    elif status in (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ):
        record.sent_at = record.sent_at or at
        if status is not MessageStatus.SENT:
            record.delivered_at = record.delivered_at or at
        if status is MessageStatus.READ:
            record.read_at = record.read_at or at
