"""A conversation's messages in both directions, newest first: what came, what the owner wrote, what we sent.

Two tables hold them. A page takes as many of each as it needs, by an index in the page's order, and merges them; so it
costs no more than its length, however long the conversation is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import SHOWN_AT, MessageRecord
from hub_api.recipients import chats
from hub_api.recipients.chats import Chat
from hub_api.web.cursor import read_cursor, write_cursor
from shared.errors import ValidationFailed
from shared.recipient_key import forms

Entry = InboundMessage | MessageRecord
_RECEIVED, _OURS = 0, 1  # of two messages of one moment, ours is the later one


@dataclass(frozen=True, slots=True)
class Place:
    """The sort key of one message."""

    at: int
    kind: int
    last: int | str  # the row's number, or our message id


def page(
    session: Session, cliente_id: int, chat: Chat, cursor: str | None, limit: int
) -> tuple[list[Entry], str | None]:
    """A page of messages, newest first, and the cursor of the next. Raises ValidationFailed."""
    after = None if cursor is None else _read_cursor(cursor)
    found = [*_received(session, cliente_id, chat, after, limit + 1)]
    for number in _numbers(session, cliente_id, chat):
        found += _ours(session, cliente_id, number, after, limit + 1)
    found.sort(key=lambda entry: _sort_key(_place(entry)), reverse=True)
    following = _write_cursor(_place(found[limit - 1])) if len(found) > limit else None
    return found[:limit], following


def _received(session: Session, cliente_id: int, chat: Chat, after: Place | None, limit: int) -> Sequence[Entry]:
    row = InboundMessage
    statement = select(row).where(row.cliente_id == cliente_id, row.chat == chat.key)
    if after is not None:
        statement = statement.where(_is_after(after, _RECEIVED, row.at, row.id))
    return session.scalars(statement.order_by(row.at.desc(), row.id.desc()).limit(limit)).all()


def _ours(session: Session, cliente_id: int, number: str, after: Place | None, limit: int) -> Sequence[Entry]:
    row = MessageRecord
    statement = select(row).where(row.cliente_id == cliente_id, row.to_number == number)
    if after is not None:
        statement = statement.where(_is_after(after, _OURS, SHOWN_AT, row.message_id))
    return session.scalars(statement.order_by(SHOWN_AT.desc(), row.message_id.desc()).limit(limit)).all()


def _numbers(session: Session, cliente_id: int, chat: Chat) -> list[str]:
    """All forms of the numbers that are written to in a chat; of a group its id."""
    if chat.number is None:
        return [chat.key] if chat.key.endswith("@g.us") else []
    own = forms(chat.key)
    others = [address for address in chats.addresses_of(session, cliente_id, own) if address.isdigit()]
    return list(dict.fromkeys(form for number in (*own, *others) for form in (number, *forms(number))))


def _place(entry: Entry) -> Place:
    if isinstance(entry, InboundMessage):
        return Place(entry.at, _RECEIVED, entry.id)
    return Place(entry.sent_at or entry.accepted_at, _OURS, entry.message_id)


def _sort_key(place: Place) -> tuple[int, int, int, str]:
    number, name = (place.last, "") if isinstance(place.last, int) else (0, place.last)
    return place.at, place.kind, number, name


def _is_after(after: Place, kind: int, at: Any, last: Any) -> ColumnElement[bool]:
    """Those of a table that follow a message, whichever table that is in."""
    same: ColumnElement[bool] = at == after.at
    if kind == after.kind:
        return or_(at < after.at, same & (last < after.last))
    return or_(at < after.at, same) if kind < after.kind else at < after.at


def _write_cursor(place: Place) -> str:
    return write_cursor(place.at, f"{place.kind}{place.last}")


def _read_cursor(cursor: str) -> Place:
    at, last = read_cursor(cursor)
    kind, name = last[:1], last[1:]
    if kind == str(_OURS) and 0 < len(name) <= 64:
        return Place(at, _OURS, name)
    if kind == str(_RECEIVED) and name.isdigit() and len(name) <= 18:
        return Place(at, _RECEIVED, int(name))
    raise ValidationFailed(details={"cursor": "not one of this list"})
