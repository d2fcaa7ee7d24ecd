"""Wanted sessions whose profile store no live host mounts: `ERROR` / `HOST_LOST`, until one announces it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import redis

from shared.instant import now_ms, steady_ms
from shared.logs import get_logger
from shared.names import Keys
from shared.redis.scripts import Scripts
from shared.texts import Language, error_text

_log = get_logger(__name__)


class LostHosts:
    """Remembers since when a store is missing; a restart of this process starts the wait anew."""

    def __init__(
        self,
        client: redis.Redis,
        keys: Keys,
        language: Language,
        after_s: float,
        clock: Callable[[], int] = steady_ms,
    ) -> None:
        """after_s: how long nobody announces a store before its sessions are told lost. clock: steady milliseconds."""
        self._client = client
        self._keys = keys
        self._language: Language = language
        self._after_ms = after_s * 1000
        self._clock = clock
        self._scripts = Scripts(client)
        self._missing_since: dict[str, int] = {}

    def run(self) -> list[int]:
        """Marks sessions and returns which. Raises redis.RedisError."""
        keys, now = self._keys, self._clock()
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hkeys(keys.wanted)
        pipeline.hgetall(keys.store_of)
        pipeline.smembers(keys.hosts)
        wanted, store_of, hosts = cast("tuple[list[str], dict[str, str], set[str]]", tuple(pipeline.execute()))
        for host_id in sorted(hosts):
            pipeline.hget(keys.host(host_id), "store")
        announced = {store for store in pipeline.execute() if store is not None}
        needed = {store_of[cliente_id] for cliente_id in wanted if cliente_id in store_of}
        self._missing_since = {store: self._missing_since.get(store, now) for store in needed - announced}
        lost = {store for store, since in self._missing_since.items() if now - since >= self._after_ms}
        return [
            int(cliente_id)
            for cliente_id in wanted
            if store_of.get(cliente_id) in lost and self._mark(int(cliente_id), store_of[cliente_id])
        ]

    def _mark(self, cliente_id: int, store_id: str) -> bool:
        keys = self._keys
        marked = bool(
            self._scripts.run(
                "host_lost",
                [
                    keys.lease(cliente_id),
                    keys.session(cliente_id),
                    keys.sessions,
                    keys.events,
                    keys.wanted,
                    keys.store_of,
                ],
                [
                    now_ms(),
                    cliente_id,
                    store_id,
                    keys.changed_channel(cliente_id),
                    error_text("HOST_LOST", self._language),
                ],
            )
        )
        if marked:
            _log.error("session.host_lost", cliente_id=cliente_id, store=store_id)
        return marked
