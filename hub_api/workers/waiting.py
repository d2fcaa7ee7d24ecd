"""Requests that wait for a session or a message to change, capped per process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis

from shared.names import Keys

Found = TypeVar("Found")

_LOOK_EVERY_S = 1.0  # a notification that was lost costs no more than this


class Waiting:
    """Waits on a tenant's channel. Beyond the cap nobody waits: the caller gets what is known now."""

    def __init__(self, client: redis.Redis, keys: Keys, maximum: int) -> None:
        """client: one for subscriptions. maximum: requests that may wait at once in this process."""
        self._client = client
        self._keys = keys
        self._slots = threading.BoundedSemaphore(maximum)
        self.ending: Callable[[], bool] = lambda: False  # true once the process is asked to stop

    def until(self, cliente_id: int, seconds: float, look: Callable[[], Found | None]) -> Found | None:
        """What `look` finds, asked after every change of the tenant's session or messages; None when time is up.

        Raises redis.RedisError, and what `look` raises.
        """
        found = look()
        if found is not None or seconds <= 0 or not self._slots.acquire(blocking=False):
            return found
        try:
            return self._listen(cliente_id, time.monotonic() + seconds, look)
        finally:
            self._slots.release()

    def _listen(self, cliente_id: int, deadline: float, look: Callable[[], Found | None]) -> Found | None:
        with self._client.pubsub(ignore_subscribe_messages=True) as changes:
            changes.subscribe(self._keys.changed_channel(cliente_id))
            while True:
                found = look()
                left = deadline - time.monotonic()
                if found is not None or left <= 0 or self.ending():
                    return found
                changes.get_message(timeout=min(left, _LOOK_EVERY_S))
