"""SQL and its mirror in Redis differ about which sessions are wanted → what one of them lacks is added to it."""

from __future__ import annotations

from sqlalchemy import select

from hub_api.services import Services
from hub_api.sessions.models import WantedSession
from hub_api.sessions.service import record_wanted
from shared.instant import now_ms
from shared.logs import get_logger
from shared.protocol.snapshot import Wanted

_log = get_logger(__name__)


class WantedMirror:
    """Changes only what differed at two looks in a row: a call that is just changing both must not be undone."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._differed: set[int] = set()  # tenants on which they differed at the last look

    def mend(self) -> list[int]:
        """Returns whose entry was added. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
        wanted, database = self._services.wanted, self._services.database
        with database.reading() as session:
            rows = {row.cliente_id: (row.since, row.reason) for row in session.scalars(select(WantedSession))}
        differs = rows.keys() ^ set(wanted.all())
        changed = sorted(differs & self._differed)
        for cliente_id in changed:
            _log.info("wanted.reconciled", cliente_id=cliente_id, missing="mirror" if cliente_id in rows else "sql")
            if cliente_id in rows:
                wanted.add(cliente_id, Wanted(*rows[cliente_id]))
            else:
                found = wanted.read(cliente_id) or Wanted(now_ms(), "send")
                record_wanted(database, cliente_id, now_ms(), found.reason[:40])
        self._differed = differs - self._differed
        return changed
