"""Refuses new messages before Redis is full, so that what was accepted still goes out."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis

from shared.errors import QueueFull

FULL_AT = 0.8  # of maxmemory
_KEPT_S = 2.0


class MemoryGuard:
    """Asks Redis at most every two seconds per process."""

    def __init__(self, client: redis.Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._asked_at = float("-inf")
        self._used: float = 0.0

    def check(self) -> None:
        """Raises QueueFull above 80 % of maxmemory; a server without maxmemory has no limit."""
        now = self._clock()
        if now - self._asked_at >= _KEPT_S:
            info = self._client.info("memory")
            limit = int(info.get("maxmemory", 0))
            self._used = int(info["used_memory"]) / limit if limit else 0.0
            self._asked_at = now
        if self._used > FULL_AT:
            raise QueueFull(details={"memory_used": round(self._used, 3)}, retry_after_s=30)
