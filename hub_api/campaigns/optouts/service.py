"""Who asked not to be written to: SQL is the master, the set in Redis is never less (DESIGN, two stores)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.campaigns import audit
from hub_api.campaigns.models import OptOut
from hub_api.database import Database
from hub_api.web.cursor import read_cursor, write_cursor
from shared.errors import NotFound
from shared.instant import now_ms, to_iso
from shared.names import Keys
from shared.phone_number import masked


class OptOuts:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError; an addition that failed half-way binds."""

    def __init__(self, database: Database, client: redis.Redis, keys: Keys) -> None:
        self._database = database
        self._client = client
        self._keys = keys

    def add(self, cliente_id: int, numbers: Sequence[str], who: str, note: str | None) -> int:
        """Puts canonical numbers on the list; returns how many were not there."""
        with self._database.writing() as session:
            return sum(
                self.add_within(session, cliente_id, number, "person", who, now_ms(), note) for number in numbers
            )

    def add_within(
        self,
        session: Session,
        cliente_id: int,
        number: str,
        source: str,
        who: str,
        at_ms: int,
        note: str | None = None,
        answer_to: str | None = None,
    ) -> bool:
        """The same within the caller's transaction: first in Redis, so that the mirror is never less."""
        self._client.sadd(self._keys.opted_out(cliente_id), number)
        if session.get(OptOut, (cliente_id, number)) is not None:
            return False
        session.add(
            OptOut(
                cliente_id=cliente_id,
                number=number,
                at=at_ms,
                source=source,
                who=who,
                note=note,
                answer_to=answer_to,
            )
        )
        audit.note(session, who, "optout.add", cliente_id, f"optout {masked(number)}", source=source)
        session.flush()
        return True

    def remove(self, cliente_id: int, number: str, who: str) -> None:
        """Takes a number off the list; first in SQL. Raises NotFound where neither has it."""
        with self._database.writing() as session:
            row = session.get(OptOut, (cliente_id, number))
            if row is not None:
                session.delete(row)
                audit.note(session, who, "optout.remove", cliente_id, f"optout {masked(number)}")
        mirrored = self._client.srem(self._keys.opted_out(cliente_id), number)
        if row is None and not mirrored:
            raise NotFound()

    def listed(self, cliente_id: int, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
        """A page, newest first, and the cursor of the next. Raises ValidationFailed."""
        statement = select(OptOut).where(OptOut.cliente_id == cliente_id)
        if cursor is not None:
            at, last = read_cursor(cursor)
            statement = statement.where((OptOut.at < at) | ((OptOut.at == at) & (OptOut.number < last)))
        statement = statement.order_by(OptOut.at.desc(), OptOut.number.desc()).limit(limit + 1)
        with self._database.reading() as session:
            rows = list(session.scalars(statement))
        following = write_cursor(rows[limit - 1].at, rows[limit - 1].number) if len(rows) > limit else None
        return [
            {"number": row.number, "at": to_iso(row.at), "source": row.source, "who": row.who, "note": row.note}
            for row in rows[:limit]
        ], following
