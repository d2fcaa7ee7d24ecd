"""What sessions do with events: their transitions are kept, with who holds their login and whether they are wanted."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.recording.rows import among, insert_rows
from hub_api.services import Services
from hub_api.sessions.models import OwedLogout, SessionEventRecord, SessionStore, WantedSession
from hub_api.storable import history_row, storable
from shared.names import EventType
from shared.protocol.events import Event, SessionMoved

_OURS = (
    EventType.SESSION_STATUS,
    EventType.SESSION_QR,
    EventType.SESSION_UNWANTED,
    EventType.SESSION_UNLINKED,
    EventType.LEDGER_IMBALANCE,
)


class SessionRecorder:
    """Takes `session.…` and `ledger.…`. Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._wanted = services.wanted

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """Events that were kept before."""
        ids = [event.event_id for event in events if event.type in _OURS]
        if not ids:
            return set()
        row = SessionEventRecord
        return set(session.scalars(select(row.event_id).where(among(session, row.event_id, ids))))

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Keeps each event and follows it."""
        ours = [event for event in events if event.type in _OURS]
        if not ours:
            return
        insert_rows(session, SessionEventRecord, [history_row(event) for event in ours])
        _keep_stores(session, ours)
        for event in ours:
            if event.type is EventType.SESSION_UNWANTED:
                self._no_longer_wanted(session, event.cliente_id)
            elif event.type is EventType.SESSION_UNLINKED:
                self._unlinked(session, event.cliente_id)

    def _no_longer_wanted(self, session: Session, cliente_id: int) -> None:
        """Only where the mirror says so as well: a call may have asked for the session again meanwhile."""
        row = session.get(WantedSession, cliente_id)
        if row is not None and not self._wanted.has(cliente_id):
            session.delete(row)

    def _unlinked(self, session: Session, cliente_id: int) -> None:
        """Only where the mirror says so as well: a call may have asked for it again meanwhile."""
        row = session.get(OwedLogout, cliente_id)
        if row is not None and self._wanted.owed_logout(cliente_id) is None:
            session.delete(row)


def _keep_stores(session: Session, events: Sequence[Event]) -> None:
    """Which profile store holds whose login, told by the owner with each transition."""
    stores = {
        event.cliente_id: (event.body.store, event.at)
        for event in events
        if isinstance(event.body, SessionMoved) and event.body.store
    }
    for cliente_id, (store, at) in stores.items():
        store_id = storable(store, 64)
        row = session.get(SessionStore, cliente_id)
        if row is None:
            session.add(SessionStore(cliente_id=cliente_id, store_id=store_id, at=at))
        elif row.store_id != store_id:
            row.store_id, row.at = store_id, at
