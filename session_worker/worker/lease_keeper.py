"""Renews the lease every third of its life on a thread of its own, and ends the worker where it can't."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import redis

from shared.logs import get_logger
from shared.sessions.lease import Lease, Leases

_log = get_logger(__name__)


class LeaseKeeper:
    """Keeps one lease. `on_lost` is called once, on the keeper's thread, and must not return to normal work."""

    def __init__(self, leases: Leases, lease: Lease, on_lost: Callable[[str], None]) -> None:
        self._leases = leases
        self._lease = lease
        self._on_lost = on_lost
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stops renewing; the lease still stands until it is released or runs out."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        ttl_s = self._leases.ttl_ms / 1000
        renewed_at = time.monotonic()
        interval = ttl_s / 3
        while not self._stop.wait(interval):
            asked_at = time.monotonic()
            try:
                held = self._leases.renew(self._lease)
            except redis.RedisError as error:
                _log.warning("lease.renewal_failed", error=type(error).__name__)
                held, interval = True, min(1.0, ttl_s / 10)
            else:
                if held:
                    renewed_at, interval = asked_at, ttl_s / 3
            if not held:
                self._on_lost("overwritten or expired")
                return
            if time.monotonic() - renewed_at >= ttl_s * 0.9:
                self._on_lost("could not be renewed in time")
                return
