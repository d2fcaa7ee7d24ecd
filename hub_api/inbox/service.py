"""Reads of what was received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hub_api.database import Database, rows_after, rows_between
from hub_api.inbox.inbound_object import inbound_object, media_of, objects_of, recorded_rows
from hub_api.inbox.models import InboundMessage
from hub_api.recipients import chats
from hub_api.web.cursor import read_cursor, write_cursor
from shared.errors import NotFound, ValidationFailed

_ROW = InboundMessage


@dataclass(frozen=True, slots=True)
class InboundFilter:
    """Which messages; None: any. sender and chat: as a caller names them, by any number or address of theirs.

    Times are milliseconds. country: where a number without country code belongs.
    """

    country: str
    sender: str | None = None
    chat: str | None = None
    type: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None


def received(
    database: Database, cliente_id: int, wanted: InboundFilter, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of received messages, newest first, and the cursor of the next. Raises ValidationFailed, InvalidTo."""
    with database.reading() as session:
        # One search for each name of a sender, so that each is answered by an index in the order of the page.
        searches = [
            statement.order_by(_ROW.at.desc(), _ROW.id.desc()).limit(limit + 1)
            for statement in _searches(session, cliente_id, wanted, cursor)
        ]
        found = [row for statement in searches for row in session.scalars(statement)]
        found.sort(key=lambda row: (row.at, row.id), reverse=True)
        items = objects_of(session, found[:limit])
    following = write_cursor(found[limit - 1].at, str(found[limit - 1].id)) if len(found) > limit else None
    return items, following


def read(database: Database, cliente_id: int, whatsapp_id: str) -> dict[str, Any]:
    """One message. Raises NotFound."""
    key = (cliente_id, whatsapp_id)
    with database.reading() as session:
        row = recorded_rows(session, [key]).get(key)
        if row is None:
            raise NotFound()
        return inbound_object(row, media_of(session, [key]).get(key))


def _searches(
    session: Session, cliente_id: int, wanted: InboundFilter, cursor: str | None
) -> list[Select[InboundMessage]]:
    statement = select(_ROW).where(_ROW.cliente_id == cliente_id)
    if wanted.chat is not None:
        chat = chats.asked_for(session, cliente_id, wanted.chat, wanted.country, "chat")
        statement = statement.where(_ROW.chat == chat.key)
    if wanted.type is not None:
        statement = statement.where(_ROW.type == wanted.type)
    statement = rows_between(statement, _ROW.at, wanted.since_ms, wanted.until_ms)
    if cursor is not None:
        at, last = read_cursor(cursor)
        if not last.isdigit() or len(last) > 18:
            raise ValidationFailed(details={"cursor": "not one of this list"})
        statement = statement.where(rows_after(_ROW.at, _ROW.id, at, int(last)))
    if wanted.sender is None:
        return [statement]
    senders = chats.senders_asked_for(session, cliente_id, wanted.sender, wanted.country, "from")
    return [statement.where(_ROW.from_number == sender) for sender in senders]
