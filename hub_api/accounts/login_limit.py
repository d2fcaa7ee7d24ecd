"""Slows guessing of passwords: failures per user and address, kept in Redis (CONTRACT section 4, login)."""

from __future__ import annotations

import hashlib

import redis

from shared.errors import RateLimited
from shared.names import Keys

FREE_FAILURES = 5
WINDOW_S = 900
_FIRST_WAIT_S = 15


def wait_after(failures: int) -> int:
    """Seconds to wait after so many failures in the window: none for the first few, then doubling to 15 minutes."""
    return 0 if failures < FREE_FAILURES else min(WINDOW_S, _FIRST_WAIT_S << min(failures - FREE_FAILURES, 10))


class LoginLimit:
    """Counts failures. Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._prefix = keys.login_failures_prefix

    def begin(self, usuario: str, address: str) -> None:
        """Counts an attempt before it is checked, so that many at once can't slip through.

        Raises RateLimited, with the seconds to wait, while too many failures stand.
        """
        counter, blocked = self._counter(usuario, address), self._blocked(usuario, address)
        left = self._client.pttl(blocked)
        if isinstance(left, int) and left > 0:
            raise RateLimited(retry_after_s=-(-left // 1000))
        pipeline = self._client.pipeline()
        pipeline.incr(counter)
        pipeline.expire(counter, WINDOW_S)
        attempts: int = pipeline.execute()[0]
        wait_s = wait_after(attempts)
        if wait_s:
            self._client.set(blocked, 1, ex=wait_s)

    def succeeded(self, usuario: str, address: str) -> None:
        """Forgets the failures."""
        self._client.delete(self._counter(usuario, address), self._blocked(usuario, address))

    def _counter(self, usuario: str, address: str) -> str:
        digest = hashlib.sha256(f"{usuario}\x00{address}".encode()).hexdigest()[:32]
        return f"{self._prefix}{digest}"

    def _blocked(self, usuario: str, address: str) -> str:
        return self._counter(usuario, address) + ":wait"
