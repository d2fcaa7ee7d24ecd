"""What a process looked up of accounts lately, so that not every call asks SQL; forgotten at once where it changed.

Whoever changes a user, a key or a tenant sets a new version in Redis after the commit. Each process compares it twice a
second at most, when something is asked for, and forgets everything where it differs. While Redis is away nothing lives
longer than KEPT_S.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

import redis
from cachetools import TTLCache

from shared.instant import steady_ms
from shared.logs import get_logger
from shared.names import Keys

_log = get_logger(__name__)

KEPT_S = 5.0
CHECKED_MS = 400  # between two looks at the version
AWAY_MS = 2_000  # … after one that Redis did not answer
_MAX_ENTRIES = 50_000

Value = TypeVar("Value")


class Remembered:
    """Threads share it: two that miss at once both look, outside the lock. None is never remembered."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        """Nothing connects."""
        self._client = client
        self._key = keys.accounts_version
        self._found: TTLCache[Hashable, Any] = TTLCache(_MAX_ENTRIES, KEPT_S)
        self._lock = threading.Lock()
        self._checking = threading.Lock()
        self._version: str | None = None
        self._check_at_ms = 0
        self._generation = 0  # grows each time everything is forgotten

    def get(self, kind: str, key: Hashable, look: Callable[[], Value | None]) -> Value | None:
        """What stands under the key, else what `look` finds; kind: keeps keys of different things apart."""
        self._compare()
        with self._lock:
            known, generation = self._found.get((kind, key)), self._generation
        if known is not None:
            return cast(Value, known)
        found = look()
        with self._lock:
            # What was read before a change is not kept after it.
            if found is not None and generation == self._generation:
                self._found[kind, key] = found
        return found

    def changed(self) -> None:
        """Something was changed and committed: every process forgets. Never raises; without Redis KEPT_S holds."""
        self._forget()
        try:
            self._client.set(self._key, uuid.uuid4().hex)
        except redis.RedisError as error:
            _log.warning("accounts.change_not_told", reason=type(error).__name__)

    def _compare(self) -> None:
        if steady_ms() < self._check_at_ms or not self._checking.acquire(blocking=False):
            return
        try:
            version = cast("str | None", self._client.get(self._key))
        except redis.RedisError:
            self._check_at_ms = steady_ms() + AWAY_MS
        else:
            self._check_at_ms = steady_ms() + CHECKED_MS
            if version != self._version:
                self._version = version
                self._forget()
        finally:
            self._checking.release()

    def _forget(self) -> None:
        with self._lock:
            self._found.clear()
            self._generation += 1
