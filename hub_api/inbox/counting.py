"""How many events of received messages SQL has taken in, so that the report shows a missing one."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.inbox.models import InboundCount


def count(session: Session, recorded: Iterable[int] = (), repeated: Iterable[int] = ()) -> None:
    """Counts in the transaction that records them. Both: the tenant of each event."""
    new, again = list(recorded), list(repeated)
    tenants = sorted({*new, *again})
    if not tenants:
        return
    statement = select(InboundCount).where(InboundCount.cliente_id.in_(tenants)).with_for_update()
    known = {row.cliente_id: row for row in session.scalars(statement)}
    for cliente_id in tenants:
        row = known.get(cliente_id)
        if row is None:
            row = InboundCount(cliente_id=cliente_id, recorded=0, repeated=0)
            session.add(row)
        row.recorded += new.count(cliente_id)
        row.repeated += again.count(cliente_id)
    session.flush()


def counted(session: Session, cliente_id: int) -> tuple[int, int]:
    """How many of a tenant's events were recorded, and how many were of messages that had been."""
    row = session.get(InboundCount, cliente_id)
    return (0, 0) if row is None else (row.recorded, row.repeated)


def taken_in(session: Session) -> dict[int, int]:
    """How many events of each tenant were taken in, of whichever kind."""
    statement = select(InboundCount.cliente_id, InboundCount.recorded + InboundCount.repeated)
    return {int(cliente_id): int(events) for cliente_id, events in session.execute(statement)}
