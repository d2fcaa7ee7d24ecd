"""A background task that also runs as soon as a notification says that there is something to do.

Nothing rests on notifications: the task's own runs on time, which beat publishes, find whatever one was lost of.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from shared.logs import get_logger

_log = get_logger(__name__)

_ASIDE_S = 0.02  # while another run of the task goes on
_PAUSE_SHARE = 4.0  # a run is followed by a pause of so many times what it took: the task takes a fifth of a core
_MAX_PAUSE_S = 1.0


class WokenTask:
    """One thread; however many notifications come meanwhile, one run follows."""

    def __init__(self, name: str, run: Callable[[], bool]) -> None:
        """run: False where another run of the task is under way; it is tried again then."""
        self._name = name
        self._work = run
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins to wait for notifications."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do. Never blocks; called by any thread."""
        self._woken.set()

    def stop(self) -> None:
        """Returns once the run that is under way has ended."""
        self._stopped.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while self._woken.wait() and not self._stopped.is_set():
            self._woken.clear()
            began = time.monotonic()
            if not self._ran():
                self._woken.set()
                self._stopped.wait(_ASIDE_S)
                continue
            self._stopped.wait(min(_MAX_PAUSE_S, _PAUSE_SHARE * (time.monotonic() - began)))

    def _ran(self) -> bool:
        try:
            return self._work()
        except Exception as error:  # noqa: BLE001  the edge of a thread; the next run on time tells what it is
            _log.warning("task.failed", task=self._name, reason=type(error).__name__)
            return True
