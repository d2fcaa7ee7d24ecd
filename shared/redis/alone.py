"""One run of a background task at a time, in whichever process: a lock in Redis, renewed while the work lasts."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar

import redis
from redis.exceptions import LockError
from redis.lock import Lock

from shared.logs import get_logger

_log = get_logger(__name__)

LOCK_S = 15.0  # so long a process that was killed keeps others out, and what it would have recorded waits
MAX_RUN_S = 600.0  # work that hangs for longer lets others have a try


def alone(client: redis.Redis, key: str, work: Callable[[], object]) -> Callable[[], bool]:
    """`work`, except where another run of the task is under way, in whichever process: then it returns False.

    key: of the task's lock.
    """

    def run_alone() -> bool:
        # It is renewed by another thread.
        lock = client.lock(key, timeout=LOCK_S, blocking=False, thread_local=False)
        if not lock.acquire():
            return False
        run = _Run(key, lock)
        token = _current.set(run)
        try:
            with run:
                work()
        finally:
            _current.reset(token)
        return True

    return run_alone


def is_alone() -> bool:
    """False in a run whose lock is another's by now: a loop ends at its next step. True outside of tasks."""
    run = _current.get()
    return run is None or not run.lost.is_set()


class _Run:
    """Keeps a lock that was acquired, from entering to leaving."""

    def __init__(self, key: str, lock: Lock) -> None:
        self.lost = threading.Event()
        self._key = key
        self._lock = lock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=key, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        with contextlib.suppress(LockError):  # another's, or its time was up: that one is left alone
            self._lock.release()

    def _renew(self) -> None:
        began = time.monotonic()
        while not self._ended.wait(LOCK_S / 3):
            if time.monotonic() - began >= MAX_RUN_S:
                return self._lose("task.hangs")
            try:
                if not self._kept():
                    return self._lose("task.lock_lost")
            except redis.RedisError as error:  # away: nobody else gets the lock there either
                _log.warning("task.lock_not_renewed", lock=self._key, reason=type(error).__name__)
        return None

    def _kept(self) -> bool:
        """Renews it, or takes it again where it is nobody's. Raises redis.RedisError."""
        try:
            return bool(self._lock.reacquire())
        except LockError:
            return bool(self._lock.acquire(blocking=False))

    def _lose(self, event: str) -> None:
        self.lost.set()
        _log.error(event, lock=self._key)


_current: ContextVar[_Run | None] = ContextVar("background_run", default=None)
