"""Requests that wait for a session or a message to change, each in a place: so many per process, fewer per tenant."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar

from shared.errors import NoPlaceToWait, TenantWaitsEnough
from shared.names import Keys
from shared.redis.notifications import Notifications

Found = TypeVar("Found")
Look = Callable[[], Found | None]
Taken = Literal["", "tenant", "all"]  # why there is no place: whose are taken

_MIND_ENDING_S = 0.5  # how often who waits minds whether the process is to stop
_TRY_AGAIN_S = 5


class Place:
    """Where one request waits. Without one (`free` False) nobody waits: the caller gets what is known now."""

    def __init__(self, waiting: Waiting, cliente_id: int, *, free: bool) -> None:
        self._waiting = waiting
        self._cliente_id = cliente_id
        self._free = free

    def until(self, seconds: float, look: Look[Found]) -> Found | None:
        """What `look` finds, asked after every change of the tenant's session or messages; None when time is up.

        Raises redis.RedisError, and what `look` raises.
        """
        found = look()
        if found is not None or seconds <= 0 or not self._free:
            return found
        return self._waiting.listen(self._cliente_id, time.monotonic() + seconds, look)


class Waiting:
    """The places of one process; a request waits on its tenant's channel, through what the process hears."""

    def __init__(self, notifications: Notifications, keys: Keys, *, maximum: int, per_tenant: int) -> None:
        """maximum, per_tenant: requests that may wait at once in this process."""
        self._notifications = notifications
        self._keys = keys
        self._maximum = maximum
        self._per_tenant = per_tenant
        self._guard = threading.Lock()
        self._taken: Counter[int] = Counter()  # by tenant
        self.ending: Callable[[], bool] = lambda: False  # true once the process is asked to stop

    @contextmanager
    def place(self, cliente_id: int) -> Iterator[Place]:
        """A place for a call that must not begin without one.

        Raises TenantWaitsEnough where the tenant has all of its own taken, NoPlaceToWait where nobody gets one.
        """
        taken = self._take(cliente_id)
        if taken:
            kind, limit = (TenantWaitsEnough, self._per_tenant) if taken == "tenant" else (NoPlaceToWait, self._maximum)
            raise kind(details={"certain": True, "waiting": limit}, retry_after_s=_TRY_AGAIN_S)
        try:
            yield Place(self, cliente_id, free=True)
        finally:
            self._give_back(cliente_id)

    @contextmanager
    def place_if_free(self, cliente_id: int) -> Iterator[Place]:
        """A place, or one in which nobody waits where all are taken."""
        free = not self._take(cliente_id)
        try:
            yield Place(self, cliente_id, free=free)
        finally:
            if free:
                self._give_back(cliente_id)

    def listen(self, cliente_id: int, deadline: float, look: Look[Found]) -> Found | None:
        """As `Place.until`, up to a moment of the steady clock."""
        told = threading.Event()
        with self._notifications.listening(self._keys.changed_channel(cliente_id), told.set):
            while not self.ending():
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                if not told.wait(min(left, _MIND_ENDING_S)):
                    continue
                told.clear()
                found = look()
                if found is not None:
                    return found
        return look()  # what is on its way to be told counts as well

    def _take(self, cliente_id: int) -> Taken:
        with self._guard:
            if self._taken[cliente_id] >= self._per_tenant:
                return "tenant"
            if self._taken.total() >= self._maximum:
                return "all"
            self._taken[cliente_id] += 1
            return ""

    def _give_back(self, cliente_id: int) -> None:
        with self._guard:
            self._taken[cliente_id] -= 1
            if not self._taken[cliente_id]:
                del self._taken[cliente_id]
