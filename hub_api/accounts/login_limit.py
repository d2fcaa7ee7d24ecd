"""Slows guessing of passwords: attempts per user and address, counted in Redis."""

from __future__ import annotations

import hashlib
import math
import time

import redis
from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from shared.errors import RateLimited
from shared.names import Keys

# Attempts within seconds. The fifth failure has the sixth attempt wait 15 s, and each further one twice as long as the
# one before, to about 16 minutes in all; whoever goes on has few in an hour.
ALLOWED = ((5, 15), (6, 45), (7, 105), (8, 225), (9, 465), (10, 945), (14, 3_600))


class LoginLimit:
    """Keeps nothing itself. Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        """client: its connections are shared. Nothing connects."""
        storage = RedisStorage(
            "redis://",  # only says which kind of server; the connections come with the pool
            connection_pool=client.connection_pool,
            key_prefix=keys.login_failures_prefix.removesuffix(":"),
        )
        self._limiter = MovingWindowRateLimiter(storage)
        self._items = [RateLimitItemPerSecond(attempts, seconds) for attempts, seconds in ALLOWED]

    def begin(self, usuario: str, address: str) -> None:
        """Counts an attempt before it is checked, so that many at once can't slip through.

        Raises RateLimited, with the seconds to wait, while too many failures stand; such an attempt does not count.
        """
        who = _digest(usuario, address)
        for counts in (self._limiter.test, self._limiter.hit):  # all are looked at before any counts
            for item in self._items:
                if not counts(item, who):
                    left_s = self._limiter.get_window_stats(item, who).reset_time - time.time()
                    raise RateLimited(retry_after_s=max(1, math.ceil(left_s)))

    def succeeded(self, usuario: str, address: str) -> None:
        """Forgets the failures."""
        who = _digest(usuario, address)
        for item in self._items:
            self._limiter.clear(item, who)


def _digest(usuario: str, address: str) -> str:
    return hashlib.sha256(f"{usuario}\x00{address}".encode()).hexdigest()[:32]
