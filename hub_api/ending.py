"""How a part ends: the first signal ends it in order, further ones are ignored, and in time it is forced."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def end_on_signal(stop: Callable[[], None], grace_s: float) -> None:
    """Installs the handlers (main thread only). stop: asks the part to end. grace_s: seconds until exit 1 is forced."""

    def _ask(number: int, frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        timer = threading.Timer(grace_s, os._exit, (1,))
        timer.daemon = True
        timer.start()
        stop()

    for each in _SIGNALS:
        signal.signal(each, _ask)
