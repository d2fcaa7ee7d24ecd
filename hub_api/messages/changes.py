"""What became of messages of ours since they were sent: that they were edited, or deleted for everyone, by whomever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hub_api.messages.models import MessageChange
from hub_api.recording.rows import among
from shared.ledger.message import Message

_Key = tuple[int, str]  # (cliente_id, whatsapp_id)


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
