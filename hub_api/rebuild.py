"""Puts into Redis what SQL knows, after Redis came up empty. Until that is done no session is claimed."""

from __future__ import annotations

import redis
from sqlalchemy import select

from hub_api.campaigns.restore import restore
from hub_api.database import Database
from hub_api.tables import WantedSession
from shared.instant import now_ms
from shared.ledger import wanted_value
from shared.logs import get_logger
from shared.names import Keys

_log = get_logger(__name__)


class Rebuild:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, database: Database, client: redis.Redis, keys: Keys, longest_delay_ms: int) -> None:
        self._database = database
        self._client = client
        self._keys = keys
        self._longest_delay_ms = longest_delay_ms

    def run(self) -> bool:
        """Rebuilds where the marker is missing, and sets it last. Returns whether there was anything to do."""
        if self._client.exists(self._keys.rebuilt):
            return False
        with self._database.reading() as session:
            rows = [(row.cliente_id, row.since, row.reason) for row in session.scalars(select(WantedSession))]
        restore(self._database, self._client, self._keys, now_ms(), self._longest_delay_ms)
        pipeline = self._client.pipeline(transaction=True)
        for cliente_id, since, reason in rows:
            pipeline.hsetnx(self._keys.wanted, str(cliente_id), wanted_value(since, reason))
        pipeline.set(self._keys.rebuilt, now_ms())
        for cliente_id, _, _ in rows:
            pipeline.publish(self._keys.wake_channel, cliente_id)
        pipeline.execute()
        _log.info("rebuilt", wanted=len(rows))
        return True
