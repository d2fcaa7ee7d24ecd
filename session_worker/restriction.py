"""Inferring that WhatsApp restricts a number: it tells nobody, it only refuses (wa-js has no event for it). Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

WINDOW = 10  # sends looked at
REFUSALS = 3  # of them refused: restricted
PAUSE_MS = 3_600_000  # bulk and campaigns wait so long before they try again


@dataclass(slots=True)
class Restriction:
    """What the last sends say. until_ms: bulk and campaigns wait until then; 0 for no restriction."""

    until_ms: int = 0
    _refused: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def record(self, *, refused: bool, now_ms: int) -> None:
        """Notes how WhatsApp's server answered one send."""
        self._refused.append(refused)
        if sum(self._refused) >= REFUSALS:
            self.until_ms = now_ms + PAUSE_MS
            self._refused.clear()

    def active(self, now_ms: int) -> bool:
        return now_ms < self.until_ms
