"""Who asked not to be written to while nobody knows which number that is: kept for a person, and it binds all the same.

The address stands in Redis' set like any recipient. When WhatsApp opens that very chat for a number, the message does
not leave; and once it is known whose address it is, the number goes on the tenant's list by itself.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail as audit
from hub_api.campaigns.optouts.service import OptOuts
from hub_api.recipients import service as recipients
from hub_api.recipients.models import RecipientAddress, UnattributedOptOut
from hub_api.services import Services
from hub_api.web.cursor import read_cursor, write_cursor
from shared.errors import NotFound
from shared.instant import now_ms, to_iso

_ROW = UnattributedOptOut
_AT_ONCE = 100


class Unattributed:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError; what broke off is repeated."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._ledger = services.ledger
        self._optouts = OptOuts(services)

    def add(self, session: Session, cliente_id: int, address: str, at_ms: int, whatsapp_id: str) -> None:
        """Keeps who asked, within the caller's transaction; whoever asks again is kept once."""
        self._ledger.campaigns.opt_out([(cliente_id, address)])
        if session.get(_ROW, (cliente_id, address)) is None:
            session.add(_ROW(cliente_id=cliente_id, address=address, whatsapp_id=whatsapp_id, at=at_ms))
            audit.note(session, "inbound", "optout.unattributed", cliente_id, "optout unattributed")
            session.flush()

    def attribute(self) -> int:
        """Puts on the list whose address is known by now; returns how many."""
        known = and_(_ROW.cliente_id == RecipientAddress.cliente_id, _ROW.address == RecipientAddress.address)
        statement = select(_ROW, RecipientAddress.number).join(RecipientAddress, known).limit(_AT_ONCE)
        with self._services.database.reading() as session:
            if not (found := [(row, number) for row, number in session.execute(statement)]):
                return 0
        with self._services.database.writing() as session:
            for row, number in found:
                self._optouts.add_by_keyword(session, row.cliente_id, number, row.at, row.whatsapp_id)
                _forget(session, row.cliente_id, row.address)
        for row, _ in found:
            self._ledger.campaigns.opt_in(row.cliente_id, row.address)  # now its number stands there
        return len(found)

    def settle(self, cliente_id: int, address: str, number: str | None, who: str) -> None:
        """A person says whose address it is, and the number goes on the list; or, None, that nothing is to be done.

        Raises NotFound where nobody asked under this address.
        """
        with self._services.database.writing() as session:
            row = session.get(_ROW, (cliente_id, address))
            if row is None:
                raise NotFound()
            if number is not None:
                self._ledger.addresses.learn({(cliente_id, address): number})
                recipients.keep(session, {(cliente_id, address): number}, now_ms())
                self._optouts.add_by_keyword(session, cliente_id, number, row.at, row.whatsapp_id)
            _forget(session, cliente_id, address)
            audit.note(session, who, "optout.settle", cliente_id, "optout unattributed", attributed=number is not None)
        self._ledger.campaigns.opt_in(cliente_id, address)

    def listed(self, cliente_id: int, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
        """A page, newest first, and the cursor of the next. Raises ValidationFailed."""
        statement = select(_ROW).where(_ROW.cliente_id == cliente_id)
        if cursor is not None:
            at, last = read_cursor(cursor)
            statement = statement.where((_ROW.at < at) | ((_ROW.at == at) & (_ROW.address < last)))
        statement = statement.order_by(_ROW.at.desc(), _ROW.address.desc()).limit(limit + 1)
        with self._services.database.reading() as session:
            rows = list(session.scalars(statement))
        following = write_cursor(rows[limit - 1].at, rows[limit - 1].address) if len(rows) > limit else None
        return [
            {"address": row.address, "at": to_iso(row.at), "whatsapp_id": row.whatsapp_id} for row in rows[:limit]
        ], following


def _forget(session: Session, cliente_id: int, address: str) -> None:
    session.execute(delete(_ROW).where(_ROW.cliente_id == cliente_id, _ROW.address == address))
