"""Reads of what the events told about messages: a page of them, one, its history."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hub_api.database import Database, rows_after, rows_between
from hub_api.messages.models import MessageChange, MessageEvent, MessageRecord, MessageRow
from hub_api.recording.rows import among, columns_of, rows_of
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.workers.accepted_journal import AcceptedLine
from shared.instant import to_iso
from shared.ledger.message import Message
from shared.protocol.content import Content
from shared.recipient_key import forms
from shared.transitions.message import Lane, MessageStatus

_Key = tuple[int, str]  # (cliente_id, whatsapp_id)
_COLUMNS = columns_of(MessageRecord, MessageRow)


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages; None: any. Times are milliseconds, numbers canonical; every form of one is meant."""

    status: str | None = None
    to: str | None = None
    lane: Lane | None = None
    campaign_id: str | None = None
    from_ms: int | None = None
    until_ms: int | None = None


def recorded(database: Database, message_id: str) -> Message | None:
    """One recorded message."""
    with database.reading() as session:
        row = session.get(MessageRecord, message_id)
        return None if row is None else to_message(row)


def as_it_is_now(database: Database, message: Message) -> Message:
    """A message with what became of it since it was sent."""
    with database.reading() as session:
        [found] = brought_up(session, [message])
    return found


def recorded_by_id(database: Database, message_ids: Sequence[str]) -> dict[str, Message]:
    """Those that are recorded."""
    with database.reading() as session:
        rows = session.scalars(select(MessageRecord).where(MessageRecord.message_id.in_(message_ids)))
        return {row.message_id: to_message(row) for row in rows}


def not_on_record(database: Database, accepted: Sequence[AcceptedLine]) -> list[AcceptedLine]:
    """Those whose message SQL has not heard of: of the others it knows whether their key is free again."""
    with database.reading() as session:
        known = records_of(session, {one.message_id for one in accepted})
    return [one for one in accepted if one.message_id not in known]


def records_of(session: Session, message_ids: Collection[str]) -> dict[str, MessageRow]:
    """Those of these messages that are there, as the transaction left them."""
    if not message_ids:
        return {}
    statement = select(*_COLUMNS).where(among(session, MessageRecord.message_id, message_ids))
    return {row.message_id: row for row in rows_of(session, MessageRow, statement)}


def ours_by_key(session: Session, keys: Iterable[tuple[int, str]]) -> list[MessageRecord]:
    """The messages that we handed over under these of WhatsApp's keys, each with its tenant."""
    asked = set(keys)
    if not asked:
        return []
    row = MessageRecord
    statement = select(row).where(
        row.cliente_id.in_({cliente_id for cliente_id, _ in asked}),
        among(session, row.whatsapp_id, {key for _, key in asked}),
    )
    statement = statement.execution_options(populate_existing=True)  # the recorder changes rows, no objects
    return [one for one in session.scalars(statement) if (one.cliente_id, one.whatsapp_id) in asked]


def page(
    database: Database, cliente_id: int, wanted: MessageFilter, cursor: str | None, limit: int
) -> tuple[list[Message], str | None]:
    """A page of a tenant's messages, newest first, and the cursor of the next. Raises ValidationFailed."""
    statement = select(MessageRecord).where(MessageRecord.cliente_id == cliente_id)
    exact: list[tuple[Any, object]] = [
        (MessageRecord.status, wanted.status),
        (MessageRecord.lane, None if wanted.lane is None else int(wanted.lane)),
        (MessageRecord.campaign_id, wanted.campaign_id),
    ]
    for column, value in exact:
        if value is not None:
            statement = statement.where(column == value)
    if wanted.to is not None:
        statement = statement.where(MessageRecord.to_number.in_(forms(wanted.to)))
    statement = rows_between(statement, MessageRecord.accepted_at, wanted.from_ms, wanted.until_ms)
    if cursor is not None:
        at, last = read_cursor(cursor)
        statement = statement.where(rows_after(MessageRecord.accepted_at, MessageRecord.message_id, at, last))
    statement = statement.order_by(MessageRecord.accepted_at.desc(), MessageRecord.message_id.desc()).limit(limit + 1)
    with database.reading() as session:
        rows = list(session.scalars(statement))
        found = brought_up(session, [to_message(row) for row in rows[:limit]])
    following = write_cursor(rows[limit - 1].accepted_at, rows[limit - 1].message_id) if len(rows) > limit else None
    return found, following


def events_of(database: Database, message_id: str) -> list[dict[str, Any]]:
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


def to_message(row: MessageRecord | MessageRow) -> Message:
    """The record as the ledger would have it."""
    return Message(
        message_id=row.message_id,
        cliente_id=row.cliente_id,
        to=row.to_number,
        text=row.text,
        status=MessageStatus(row.status),
        lane=Lane(row.lane),
        attempts=row.attempts,
        accepted_at_ms=row.accepted_at,
        expires_at_ms=row.expires_at,
        whatsapp_id=row.whatsapp_id or None,
        sent_at_ms=row.sent_at,
        delivered_at_ms=row.delivered_at,
        read_at_ms=row.read_at,
        error=row.error or None,
        bulk_id=row.bulk_id,
        campaign_id=row.campaign_id,
        content=Content.from_text(row.content),
    )


def changes_of(session: Session, keys: Iterable[_Key]) -> dict[_Key, MessageChange]:
    """Of messages with these keys that are not among those received."""
    return rows_by_key(session, MessageChange, keys)


def brought_up(session: Session, messages: Sequence[Message]) -> list[Message]:
    """The messages as they are by now, in their order."""
    keys = [(one.cliente_id, one.whatsapp_id) for one in messages if one.whatsapp_id and one.sent_at_ms is not None]
    changes = changes_of(session, keys)
    return [_changed(one, changes) for one in messages]


def _changed(message: Message, changes: Mapping[_Key, MessageChange]) -> Message:
    change = changes.get((message.cliente_id, message.whatsapp_id or ""))
    if change is None:
        return message
    text = message.text if change.edited_at is None else change.text
    return replace(message, text=text, edited_at_ms=change.edited_at, revoked_at_ms=change.revoked_at)


def rows_by_key(session: Session, table: Any, keys: Iterable[_Key]) -> dict[_Key, Any]:
    """Rows of a table with both columns, by them."""
    asked = set(keys)
    if not asked:
        return {}
    statement: Select[Any] = select(table).where(
        table.cliente_id.in_({cliente_id for cliente_id, _ in asked}),
        among(session, table.whatsapp_id, {whatsapp_id for _, whatsapp_id in asked}),
    )
    return {(row.cliente_id, row.whatsapp_id): row for row in session.scalars(statement)}
