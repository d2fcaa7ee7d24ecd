"""Reads of what the events told: messages, their history, inbound messages (CONTRACT section 4)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from hub_api.database import Database
from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import MessageEvent, MessageRecord
from shared.errors import ValidationFailed
from shared.instant import to_iso
from shared.ledger.message import Message
from shared.transitions.message import Lane, MessageStatus


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages; None: any. Times are milliseconds, numbers canonical."""

    status: str | None = None
    to: str | None = None
    lane: Lane | None = None
    campaign_id: str | None = None
    from_ms: int | None = None
    until_ms: int | None = None


def message(database: Database, message_id: str) -> Message | None:
    """One recorded message."""
    with database.reading() as session:
        row = session.get(MessageRecord, message_id)
        return None if row is None else to_message(row)


def messages_by_id(database: Database, message_ids: Sequence[str]) -> dict[str, Message]:
    """Those that are recorded."""
    with database.reading() as session:
        rows = session.scalars(select(MessageRecord).where(MessageRecord.message_id.in_(message_ids)))
        return {row.message_id: to_message(row) for row in rows}


def messages(
    database: Database, cliente_id: int, wanted: MessageFilter, cursor: str | None, limit: int
) -> tuple[list[Message], str | None]:
    """A page of a tenant's messages, newest first, and the cursor of the next. Raises ValidationFailed."""
    statement = select(MessageRecord).where(MessageRecord.cliente_id == cliente_id)
    exact: list[tuple[Any, object]] = [
        (MessageRecord.status, wanted.status),
        (MessageRecord.to_number, wanted.to),
        (MessageRecord.lane, None if wanted.lane is None else int(wanted.lane)),
        (MessageRecord.campaign_id, wanted.campaign_id),
    ]
    for column, value in exact:
        if value is not None:
            statement = statement.where(column == value)
    statement = _between(statement, MessageRecord.accepted_at, wanted.from_ms, wanted.until_ms)
    if cursor is not None:
        at, last = read_cursor(cursor)
        statement = statement.where(_before(MessageRecord.accepted_at, MessageRecord.message_id, at, last))
    statement = statement.order_by(MessageRecord.accepted_at.desc(), MessageRecord.message_id.desc()).limit(limit + 1)
    with database.reading() as session:
        rows = list(session.scalars(statement))
    following = write_cursor(rows[limit - 1].accepted_at, rows[limit - 1].message_id) if len(rows) > limit else None
    return [to_message(row) for row in rows[:limit]], following


def history(database: Database, message_id: str) -> list[dict[str, Any]]:
    """A message's transitions, oldest first."""
    statement = (
        select(MessageEvent)
        .where(MessageEvent.message_id == message_id)
        .order_by(MessageEvent.at, MessageEvent.event_id)
    )
    with database.reading() as session:
        return [
            {"type": row.type, "at": to_iso(row.at), "data": json.loads(row.data)} for row in session.scalars(statement)
        ]


def inbound(
    database: Database,
    cliente_id: int,
    from_number: str | None,
    from_ms: int | None,
    until_ms: int | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of received messages, newest first, and the cursor of the next. Raises ValidationFailed."""
    statement = select(InboundMessage).where(InboundMessage.cliente_id == cliente_id)
    if from_number is not None:
        statement = statement.where(InboundMessage.from_number == from_number)
    statement = _between(statement, InboundMessage.at, from_ms, until_ms)
    if cursor is not None:
        at, last = read_cursor(cursor)
        if not last.isdigit() or len(last) > 18:
            raise ValidationFailed(details={"cursor": "not one of this list"})
        statement = statement.where(_before(InboundMessage.at, InboundMessage.id, at, int(last)))
    statement = statement.order_by(InboundMessage.at.desc(), InboundMessage.id.desc()).limit(limit + 1)
    with database.reading() as session:
        rows = list(session.scalars(statement))
    following = write_cursor(rows[limit - 1].at, str(rows[limit - 1].id)) if len(rows) > limit else None
    items = [
        {
            "whatsapp_id": row.whatsapp_id,
            "cliente_id": row.cliente_id,
            "from": row.from_number,
            "message": row.text,
            "at": to_iso(row.at),
        }
        for row in rows[:limit]
    ]
    return items, following


def to_message(row: MessageRecord) -> Message:
    """The record as the ledger would have it."""
    status = MessageStatus(row.status)
    return Message(
        message_id=row.message_id,
        cliente_id=row.cliente_id,
        to=row.to_number,
        text=row.text,
        status=status,
        lane=Lane(row.lane),
        attempts=row.attempts,
        accepted_at_ms=row.accepted_at,
        expires_at_ms=row.expires_at,
        whatsapp_id=row.whatsapp_id,
        sent_at_ms=row.sent_at,
        delivered_at_ms=row.delivered_at,
        read_at_ms=row.read_at,
        error=row.error,
        certain=status is not MessageStatus.UNCERTAIN
        and not (status is MessageStatus.SENDING and row.whatsapp_id is not None),
        bulk_id=row.bulk_id,
        campaign_id=row.campaign_id,
    )


def write_cursor(at: int, last: str) -> str:
    """An opaque cursor: the sort key of a page's last row."""
    return base64.urlsafe_b64encode(f"{at}:{last}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[int, str]:
    """The sort key back. Raises ValidationFailed."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, _, last = text.partition(":")
        if not at.isdigit() or len(at) > 15 or not last or "\x00" in last:
            raise ValueError(cursor)
        return int(at), last
    except (ValueError, binascii.Error):
        raise ValidationFailed(details={"cursor": "not one of this list"}) from None


def _between(statement: Select[Any], column: Any, from_ms: int | None, until_ms: int | None) -> Select[Any]:
    if from_ms is not None:
        statement = statement.where(column >= from_ms)
    if until_ms is not None:
        statement = statement.where(column < until_ms)
    return statement


def _before(first: Any, second: Any, at: int, last: object) -> ColumnElement[bool]:
    return or_(first < at, and_(first == at, second < last))
