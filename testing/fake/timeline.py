"""One thread that does things later, in order: the time of a fake WhatsApp with any number of sessions."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

from shared.logs import get_logger

_log = get_logger(__name__)


class FakeTimeline:
    """Runs what it is given at its time. Its thread starts with the first thing to do."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def after(self, milliseconds: float, action: Callable[[], None]) -> None:
        """Runs `action` on the timeline's thread; what is due at the same time runs in the order it was given."""
        with self._changed:
            if self._closed:
                return
            heapq.heappush(self._due, (time.monotonic() + milliseconds / 1000, next(self._order), action))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fake-whatsapp", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Forgets what is due and ends the thread."""
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception:  # noqa: BLE001 - the thread's edge: one listener's fault must not stop time for all
                _log.exception("fake_timeline.action_failed")

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._closed:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            return None
