"""Refuses new messages before Redis is full, so that what was accepted still goes out; says how much is a tenant's."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis

from shared.errors import QueueFull

FULL_AT = 0.8  # of maxmemory
_KEPT_S = 2.0


class MemoryGuard:
    """Asks Redis at most every two seconds per process."""

    def __init__(
        self, client: redis.Redis, tenant_percent: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """tenant_percent: of maxmemory that one tenant's messages may take; 0: no limit."""
        self._client = client
        self._tenant_percent = tenant_percent
        self._clock = clock
        self._asked_at = float("-inf")
        self._used: float = 0.0
        self._limit = 0

    def check(self) -> int:
        """The bytes that one tenant's messages may take, 0 for no limit; a server without maxmemory has none.

        Raises QueueFull above 80 % of maxmemory.
        """
        now = self._clock()
        if now - self._asked_at >= _KEPT_S:
            info = self._client.info("memory")
            self._limit = int(info.get("maxmemory", 0))
            self._used = int(info["used_memory"]) / self._limit if self._limit else 0.0
            self._asked_at = now
        if self._used > FULL_AT:
            raise QueueFull(details={"memory_used": round(self._used, 3)}, retry_after_s=30)
        return self._limit * self._tenant_percent // 100
