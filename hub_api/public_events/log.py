"""Reads of the log of public events, and what of it is forgotten."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from hub_api.database import Database
from hub_api.public_events import numbers
from hub_api.public_events.models import PublicEvent

_FORGOTTEN_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events; None: of every tenant, of every type."""

    cliente_id: int | None = None
    types: Collection[str] | None = None

    def has(self, cliente_id: int, kind: str) -> bool:
        """Whether an event is one of them."""
        return self.cliente_id in (None, cliente_id) and (self.types is None or kind in self.types)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the log. body: the envelope as JSON."""

    number: int
    cliente_id: int
    type: str
    body: str


def after(database: Database, number: int, wanted: Wanted, limit: int) -> list[Entry]:
    """The wanted events that follow a number, in order. Raises sqlalchemy.exc.SQLAlchemyError."""
    columns = PublicEvent.id, PublicEvent.cliente_id, PublicEvent.type, PublicEvent.body
    statement = select(*columns).where(PublicEvent.id > number).order_by(PublicEvent.id).limit(limit)
    if wanted.cliente_id is not None:
        statement = statement.where(PublicEvent.cliente_id == wanted.cliente_id)
    if wanted.types is not None:
        statement = statement.where(PublicEvent.type.in_(sorted(wanted.types)))
    with database.reading() as session:
        return [Entry(*row) for row in session.execute(statement)]


def newest(database: Database) -> int:
    """The highest number, 0 where there is none. Raises sqlalchemy.exc.SQLAlchemyError."""
    with database.reading() as session:
        return session.scalar(select(func.max(PublicEvent.id))) or 0


def forget(database: Database, before_ms: int) -> int:
    """Deletes some of what was published before a moment; returns how many. Raises sqlalchemy.exc.SQLAlchemyError.

    The newest one stays: numbers go on from it.
    """
    old = PublicEvent.id < numbers.earliest(before_ms)
    with database.reading() as session:
        found = list(
            session.scalars(select(PublicEvent.id).where(old).order_by(PublicEvent.id).limit(_FORGOTTEN_AT_ONCE))
        )
    found = [number for number in found if number < newest(database)] if found else []
    if found:
        with database.writing() as session:
            session.execute(delete(PublicEvent).where(PublicEvent.id.in_(found)))
    return len(found)
