"""How a process ends: the first signal ends it in order, further ones are ignored, and in time it is forced."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

EXIT_FORCED = 1

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _exit_at_once() -> None:
    os._exit(EXIT_FORCED)


def end_on_signal(stop: Callable[[], None], grace_s: float, *, force: Callable[[], None] = _exit_at_once) -> None:
    """Installs the handlers for SIGTERM and SIGINT (main thread only).

    stop: asks the process to end; called at the first signal, on the main thread. grace_s: seconds from then until
    `force` is called on a thread of its own, which by default exits with status 1.
    """

    def _ask(number: int, frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        force_after(grace_s, force)
        stop()

    for each in _SIGNALS:
        signal.signal(each, _ask)


def force_after(grace_s: float, force: Callable[[], None] = _exit_at_once) -> None:
    """Calls `force` after `grace_s` seconds unless the process has ended by then."""
    timer = threading.Timer(grace_s, force)
    timer.name = "grace"
    timer.daemon = True
    timer.start()
