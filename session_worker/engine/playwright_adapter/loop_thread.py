"""One thread with an asyncio loop: where async lives, so that it need not live anywhere else."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from shared.logs import get_logger

_log = get_logger(__name__)

T = TypeVar("T")

_END_SECONDS = 3.0
_LEAVE_SECONDS = 0.02  # for the pipes of ended processes to be closed by the loop


class LoopEnded(Exception):
    """The loop no longer takes work, or dropped this one as it ended."""


class LoopThread:
    """Starts at once; `end` ends it. Every method may be called from any thread but its own."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_log_stray)
        self._lock = threading.Lock()
        self._pending: set[concurrent.futures.Future[Any]] = set()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T], timeout_seconds: float, *, during_shutdown: bool = False) -> T:
        """Runs `work` on the loop and waits for its result.

        during_shutdown: runs although `interrupt` was called, and isn't interrupted.
        Raises TimeoutError (the work is cancelled; what it set off elsewhere goes on), LoopEnded, or what `work`
        raised.
        """
        with self._lock:
            if self._ended and not during_shutdown:
                work.close()
                raise LoopEnded
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
            if not during_shutdown:
                self._pending.add(future)
        try:
            return future.result(timeout_seconds)
        except concurrent.futures.CancelledError:
            raise LoopEnded from None
        finally:
            future.cancel()
            with self._lock:
                self._pending.discard(future)

    def interrupt(self) -> None:
        """Drops all calls in flight and takes no more."""
        with self._lock:
            self._ended = True
            pending = list(self._pending)
        for future in pending:
            future.cancel()

    def end(self) -> None:
        """Ends loop and thread (<= 3 s). Idempotent."""
        self.interrupt()
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.run_until_complete(asyncio.sleep(_LEAVE_SECONDS))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


def _log_stray(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody waits for any more, such as a driver's connection that was cut; after the loop's end, no news."""
    if loop.is_closed():
        return
    _log.warning("engine.loop_stray_error", message=context["message"], error=repr(context.get("exception")))
