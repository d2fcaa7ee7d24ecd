"""A small cache whose entries are good for a few seconds, for what is read on every call and rarely changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class TtlCache(Generic[Key, Value]):
    """Threads may share it: two that miss at once both load, and the later load stays."""

    def __init__(self, ttl_s: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """ttl_s: how long an entry is good. most: entries kept; a full cache is emptied."""
        self._ttl_s = ttl_s
        self._most = most
        self._clock = clock
        self._entries: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key) -> Value | None:
        """The entry, or None where there is none or it is too old."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None and entry[0] > self._clock() else None

    def put(self, key: Key, value: Value) -> None:
        """Keeps an entry."""
        if len(self._entries) >= self._most:
            self._entries.clear()
        self._entries[key] = (self._clock() + self._ttl_s, value)

    def forget(self, key: Key) -> None:
        """Drops an entry."""
        self._entries.pop(key, None)
