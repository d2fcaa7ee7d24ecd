"""SQL and its mirror in Redis differ about which sessions are wanted → what one of them lacks is added to it."""

from __future__ import annotations

import json
from typing import cast

import redis
from sqlalchemy import select

from hub_api.services import Services
from hub_api.sessions.models import WantedSession
from hub_api.sessions.service import record_wanted
from shared.instant import now_ms
from shared.logs import get_logger
from shared.names import Keys
from shared.protocol.snapshot import Wanted

_log = get_logger(__name__)


class WantedMirror:
    """Changes only what differed at two looks in a row: a call that is just changing both must not be undone."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._differed: set[int] = set()  # tenants on which they differed at the last look

    def mend(self) -> list[int]:
        """Returns whose entry was added. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
        client, keys, database = self._services.client, self._services.keys, self._services.database
        with database.reading() as session:
            rows = {row.cliente_id: (row.since, row.reason) for row in session.scalars(select(WantedSession))}
        mirror = _mirrored(client, keys)
        differs = rows.keys() ^ mirror.keys()
        changed = sorted(differs & self._differed)
        for cliente_id in changed:
            _log.info("wanted.reconciled", cliente_id=cliente_id, missing="mirror" if cliente_id in rows else "sql")
            if cliente_id in rows:
                _add_to_mirror(client, keys, cliente_id, *rows[cliente_id])
            else:
                record_wanted(database, cliente_id, now_ms(), _reason(mirror[cliente_id]))
        self._differed = differs - self._differed
        return changed


def _mirrored(client: redis.Redis, keys: Keys) -> dict[int, str]:
    stored = cast("dict[str, str]", client.hgetall(keys.wanted))
    return {int(cliente_id): value for cliente_id, value in stored.items()}


def _add_to_mirror(client: redis.Redis, keys: Keys, cliente_id: int, since: int, reason: str) -> None:
    client.hsetnx(keys.wanted, str(cliente_id), Wanted(since, reason).to_text())


def _reason(value: str) -> str:
    try:
        return str(json.loads(value)["reason"])[:40]
    except (ValueError, KeyError, TypeError):
        return "send"
