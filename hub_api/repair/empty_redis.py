"""Puts into Redis what SQL knows, after Redis came up empty. Until that is done no session is claimed."""

from __future__ import annotations

import redis
from sqlalchemy import func, select

from hub_api.campaigns.releasing.restore import restore
from hub_api.database import Database
from hub_api.messages.models import MessageRecord
from hub_api.repair.lost_entries import LostRecords
from hub_api.sessions.models import SessionStore, WantedSession
from shared.instant import now_ms
from shared.ledger.balance import SETTLED
from shared.transitions.message import MessageStatus
from shared.logs import get_logger
from shared.names import Keys
from shared.sessions.wanted import wanted_value

_log = get_logger(__name__)

_COUNTED_AS_SENT = (MessageStatus.DELIVERED.value, MessageStatus.READ.value)


class Rebuild:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError.

    What no event told is not brought back: which phone was paired last (the owner says it again), pace and rates.
    """

    def __init__(
        self, database: Database, client: redis.Redis, keys: Keys, lost: LostRecords, longest_delay_ms: int
    ) -> None:
        self._database = database
        self._client = client
        self._keys = keys
        self._lost = lost
        self._longest_delay_ms = longest_delay_ms

    def run(self) -> bool:
        """Rebuilds where the marker is missing, and sets it last. Returns whether there was anything to do."""
        if self._client.exists(self._keys.rebuilt):
            return False
        with self._database.reading() as session:
            rows = [(row.cliente_id, row.since, row.reason) for row in session.scalars(select(WantedSession))]
            stores = {row.cliente_id: row.store_id for row in session.scalars(select(SessionStore))}
        came_up_empty = not self._client.exists(self._keys.drain_cursor)
        became = self._lost.restore_all(now_ms()) if came_up_empty else {}
        restore(self._database, self._client, self._keys, now_ms(), self._longest_delay_ms)
        pipeline = self._client.pipeline(transaction=True)
        for cliente_id, since, reason in rows:
            pipeline.hsetnx(self._keys.wanted, str(cliente_id), wanted_value(since, reason))
        for cliente_id, store_id in stores.items():
            pipeline.hsetnx(self._keys.store_of, str(cliente_id), store_id)
        if came_up_empty:
            for cliente_id, status, number in self._settled():
                pipeline.hincrby(self._keys.counts(cliente_id), "accepted", number)
                pipeline.hincrby(self._keys.counts(cliente_id), status, number)
        pipeline.set(self._keys.rebuilt, now_ms())
        for cliente_id, _, _ in rows:
            pipeline.publish(self._keys.wake_channel, cliente_id)
        pipeline.execute()
        _log.info("rebuilt", wanted=len(rows), stores=len(stores), messages=became)
        return True

    def _settled(self) -> list[tuple[int, str, int]]:
        """`(cliente_id, counter, how many)` of what is on record as settled."""
        record = MessageRecord
        statement = select(record.cliente_id, record.status, func.count()).group_by(record.cliente_id, record.status)
        with self._database.reading() as session:
            found = [(int(tenant), str(status), int(number)) for tenant, status, number in session.execute(statement)]
        named = [
            (cliente_id, MessageStatus.SENT.value if status in _COUNTED_AS_SENT else status, number)
            for cliente_id, status, number in found
        ]
        return [row for row in named if row[1] in SETTLED]
