"""Reads of what was received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from hub_api.database import Database, rows_after, rows_between
from hub_api.inbox.models import InboundMessage
from hub_api.recipients.models import RecipientAddress
from hub_api.web.cursor import read_cursor, write_cursor
from shared.errors import ValidationFailed
from shared.instant import to_iso
from shared.recipient_key import forms


@dataclass(frozen=True, slots=True)
class InboundFilter:
    """Which messages; None: any. Times are milliseconds, the number canonical; every form of it is meant."""

    from_number: str | None = None
    from_ms: int | None = None
    until_ms: int | None = None


def received(
    database: Database, cliente_id: int, wanted: InboundFilter, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of received messages, newest first, and the cursor of the next. Raises ValidationFailed."""
    statement = select(InboundMessage).where(InboundMessage.cliente_id == cliente_id)
    if wanted.from_number is not None:
        statement = statement.where(_is_from(cliente_id, wanted.from_number))
    statement = rows_between(statement, InboundMessage.at, wanted.from_ms, wanted.until_ms)
    if cursor is not None:
        at, last = read_cursor(cursor)
        if not last.isdigit() or len(last) > 18:
            raise ValidationFailed(details={"cursor": "not one of this list"})
        statement = statement.where(rows_after(InboundMessage.at, InboundMessage.id, at, int(last)))
    statement = statement.order_by(InboundMessage.at.desc(), InboundMessage.id.desc()).limit(limit + 1)
    with database.reading() as session:
        rows = list(session.scalars(statement))
    following = write_cursor(rows[limit - 1].at, str(rows[limit - 1].id)) if len(rows) > limit else None
    return [inbound_object(row) for row in rows[:limit]], following


def _is_from(cliente_id: int, number: str) -> ColumnElement[bool]:
    """Whether a message is from a phone: under any form of its number, or under an address that WhatsApp answered."""
    own, sender = forms(number), InboundMessage.from_number
    elsewhere = select(RecipientAddress.address).where(
        RecipientAddress.cliente_id == cliente_id, RecipientAddress.number.in_(own)
    )
    return or_(sender.in_(own), sender.in_(elsewhere))


def inbound_object(row: InboundMessage) -> dict[str, Any]:
    """The inbound object that callers see."""
    return {
        "whatsapp_id": row.whatsapp_id,
        "cliente_id": row.cliente_id,
        "from": row.from_number,
        "message": row.text,
        "at": to_iso(row.at),
    }
