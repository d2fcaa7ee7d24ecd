"""Who asked not to be written to: SQL is the master, the set in Redis is never less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail as audit
from hub_api.campaigns.models import OptOut
from hub_api.public_events import pending
from hub_api.public_events.envelope import Change, chat_key
from hub_api.public_events.types import PublicEventType
from hub_api.services import Services
from hub_api.web.cursor import read_cursor, write_cursor
from shared.errors import NotFound
from shared.instant import now_ms, to_iso
from shared.phone_number import masked
from shared.recipient_key import recipient_key


class OptOuts:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError; an addition that failed half-way binds."""

    def __init__(self, services: Services) -> None:
        self._database = services.database
        self._ledger = services.ledger.campaigns

    def add(self, cliente_id: int, numbers: Sequence[str], who: str, note: str | None) -> int:
        """Puts canonical numbers on the list; returns how many were not there, in whatever form."""
        with self._database.writing() as session:
            rows = [
                OptOut(
                    cliente_id=cliente_id,
                    recipient_key=recipient_key(number),
                    number=number,
                    at=now_ms(),
                    source="person",
                    who=who,
                    note=note,
                )
                for number in numbers
            ]
            return sum(self._add(session, row) for row in rows)

    def add_by_keyword(self, session: Session, cliente_id: int, number: str, at_ms: int, answer_to: str) -> bool:
        """The same within the caller's transaction, for who asked. answer_to: the message that is to be answered."""
        row = OptOut(
            cliente_id=cliente_id,
            recipient_key=recipient_key(number),
            number=number,
            at=at_ms,
            source="keyword",
            who="inbound",
            answer_to=answer_to,
        )
        return self._add(session, row)

    def _add(self, session: Session, row: OptOut) -> bool:
        self._ledger.opt_out([(row.cliente_id, row.number)])  # first, so that the mirror is never less
        if session.get(OptOut, (row.cliente_id, row.recipient_key)) is not None:
            return False
        session.add(row)
        _tell(session, row, opted_out=True)
        audit.note(session, row.who, "optout.add", row.cliente_id, f"optout {masked(row.number)}", source=row.source)
        session.flush()
        return True

    def remove(self, cliente_id: int, number: str, who: str) -> None:
        """Takes a recipient off the list, by any form of its number; first in SQL. Raises NotFound."""
        with self._database.writing() as session:
            row = session.get(OptOut, (cliente_id, recipient_key(number)))
            if row is not None:
                session.delete(row)
                _tell(session, row, opted_out=False)
                audit.note(session, who, "optout.remove", cliente_id, f"optout {masked(number)}")
        mirrored = self._ledger.opt_in(cliente_id, number)
        if row is None and not mirrored:
            raise NotFound()

    def listed(self, cliente_id: int, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
        """A page, newest first, and the cursor of the next. Raises ValidationFailed."""
        statement = select(OptOut).where(OptOut.cliente_id == cliente_id)
        if cursor is not None:
            at, last = read_cursor(cursor)
            statement = statement.where((OptOut.at < at) | ((OptOut.at == at) & (OptOut.recipient_key < last)))
        statement = statement.order_by(OptOut.at.desc(), OptOut.recipient_key.desc()).limit(limit + 1)
        with self._database.reading() as session:
            rows = list(session.scalars(statement))
        following = write_cursor(rows[limit - 1].at, rows[limit - 1].recipient_key) if len(rows) > limit else None
        return [_entry(row) for row in rows[:limit]], following


def _entry(row: OptOut) -> dict[str, Any]:
    return {"number": row.number, "at": to_iso(row.at), "source": row.source, "who": row.who, "note": row.note}


def _tell(session: Session, row: OptOut, *, opted_out: bool) -> None:
    data = _entry(row) | {"opted_out": opted_out}
    change = Change(row.cliente_id, PublicEventType.OPTOUT_CHANGED, now_ms(), data, chat_key(row.number))
    pending.note(session, change)
