"""What the background worker does every few seconds besides recording events."""

from __future__ import annotations

import json
from typing import cast

import redis
from sqlalchemy import select

from hub_api.accounts import service as accounts
from hub_api.database import Database
from hub_api.sessions.models import WantedSession
from hub_api.sessions.service import record_wanted
from shared.instant import now_ms
from shared.ledger.ledger import Ledger
from shared.transitions.message import MessageStatus
from shared.logs import get_logger
from shared.names import Keys
from shared.sessions.wanted import wanted_value

_log = get_logger(__name__)

_EXPIRE_AT_ONCE = 500
_DEEPEST_SHOWN = 5


class Housekeeping:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, database: Database, client: redis.Redis, keys: Keys, ledger: Ledger) -> None:
        self._database = database
        self._client = client
        self._keys = keys
        self._ledger = ledger
        self._differed: set[int] = set()  # tenants on which SQL and mirror differed at the last look

    def expire_overdue(self) -> int:
        """Ends queued messages whose time is up, and returns how many."""
        total = 0
        while overdue := self._ledger.overdue(now_ms(), _EXPIRE_AT_ONCE):
            for cliente_id, message_id in overdue:
                answer = self._ledger.close(cliente_id, message_id, MessageStatus.EXPIRED, "EXPIRED", now_ms())
                total += answer == "closed"
            if len(overdue) < _EXPIRE_AT_ONCE:
                break
        return total

    def ring_waiting(self) -> list[int]:
        """Wakes hosts for wanted sessions that nobody owns while messages wait, and returns whose."""
        self.reconcile_wanted()
        wanted = sorted(int(cliente_id) for cliente_id in self._mirror())
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id in wanted:
            pipeline.exists(self._keys.lease(cliente_id))
            pipeline.zcard(self._keys.open(cliente_id))
        answers = pipeline.execute()
        waiting = [
            cliente_id
            for cliente_id, owned, queued in zip(wanted, answers[::2], answers[1::2], strict=True)
            if queued and not owned
        ]
        for cliente_id in waiting:
            self._client.publish(self._keys.wake_channel, cliente_id)
        return waiting

    def reconcile_wanted(self) -> None:
        """Brings SQL and its mirror together, so that a Redis that came back empty is filled again.

        Only what differed at two looks in a row: a call that is just changing both must not be undone.
        """
        with self._database.reading() as session:
            rows = {row.cliente_id: (row.since, row.reason) for row in session.scalars(select(WantedSession))}
        mirror = {int(cliente_id): value for cliente_id, value in self._mirror().items()}
        differs = rows.keys() ^ mirror.keys()
        for cliente_id in differs & self._differed:
            _log.info("wanted_reconciled", cliente_id=cliente_id, missing="mirror" if cliente_id in rows else "sql")
            if cliente_id in rows:
                since, reason = rows[cliente_id]
                self._client.hsetnx(self._keys.wanted, str(cliente_id), wanted_value(since, reason))
            else:
                record_wanted(self._database, cliente_id, now_ms(), _reason(mirror[cliente_id]))
        self._differed = differs - self._differed

    def record_depths(self) -> dict[str, object]:
        """How much waits, as one log line."""
        tenants = accounts.tenants(self._database)
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id in tenants:
            pipeline.zcard(self._keys.open(cliente_id))
            pipeline.zcard(self._keys.in_flight(cliente_id))
        pipeline.xlen(self._keys.events)
        answers = pipeline.execute()
        queued = dict(zip(tenants, answers[:-1:2], strict=True))
        deepest = sorted(queued.items(), key=lambda pair: -pair[1])[:_DEEPEST_SHOWN]
        depths: dict[str, object] = {
            "queued": sum(queued.values()),
            "in_flight": sum(answers[1:-1:2]),
            "deepest": {cliente_id: depth for cliente_id, depth in deepest if depth},
            "events": answers[-1],
        }
        _log.info("depths", **depths)
        return depths

    def _mirror(self) -> dict[str, str]:
        return cast("dict[str, str]", self._client.hgetall(self._keys.wanted))


def _reason(value: str) -> str:
    try:
        return str(json.loads(value)["reason"])[:40]
    except (ValueError, KeyError, TypeError):
        return "send"
