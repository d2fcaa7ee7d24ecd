"""The demo's receiver: the listener of `leadmaster webhook listen`, in this process, for as long as the demo runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from leadmaster.webhook_listener import Posted, make_listener

Event = dict[str, Any]


class Receiver:
    """Keeps the verified events that came, each once."""

    def __init__(self, port: int, secret: str) -> None:
        """Listens at once. Raises OSError where the port is taken."""
        self._came = threading.Condition()
        self._events: dict[str, tuple[Event, float]] = {}
        self._refusals = 0
        self._told: Callable[[Event], object] | None = None
        server = make_listener(port, secret, self._take)
        threading.Thread(target=server.serve_forever, name="webhooks", daemon=True).start()

    @property
    def refusals(self) -> int:
        """How often something was refused."""
        return self._refusals

    def wait_for(self, good: Callable[[Event], bool], within_s: float) -> tuple[Event, float] | None:
        """The first such event, and the moment by `time.monotonic` at which it came; None where none comes in time."""
        with self._came:
            self._came.wait_for(lambda: any(good(event) for event, _ in self._events.values()), within_s)
            return next((one for one in self._events.values() if good(one[0])), None)

    def tell(self, told: Callable[[Event], object]) -> None:
        """From now on `told` gets each event that comes, on a thread of its own."""
        with self._came:
            self._told = told

    def _take(self, posted: Posted) -> None:
        now = time.monotonic()
        with self._came:
            if posted.refusal is not None:
                self._refusals += 1
                return
            is_new = posted.event["id"] not in self._events
            self._events.setdefault(posted.event["id"], (posted.event, now))
            self._came.notify_all()
            told = self._told
        if is_new and told is not None:
            told(posted.event)
