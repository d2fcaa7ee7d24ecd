"""All open streams of one process of the hub: a thread with a loop of its own, which takes connections over.

The threads that answer calls are few, and streams are many and idle.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter

from hub_api.live.streaming.credentials import Standing
from hub_api.live.streaming.serving import Serving
from hub_api.live.streaming.stream import Stream, Subscription
from hub_api.services import Services
from shared.errors import RateLimited
from shared.logs import get_logger

_log = get_logger(__name__)

_TRY_AGAIN_S = 5


class Streams:
    """One per process; its methods are for all threads."""

    def __init__(self, services: Services, directory: Standing) -> None:
        """Starts nothing: the thread begins with the first stream."""
        self._services = services
        self._directory = directory
        self._maximum = services.settings.hub_max_streams
        self._per_tenant = services.settings.hub_max_streams_per_tenant
        self._guard = threading.Lock()
        self._held: Counter[int | None] = Counter()  # by tenant; None: of all tenants
        self._running: tuple[asyncio.AbstractEventLoop, Serving] | None = None

    def require_place(self, cliente_id: int | None) -> None:
        """Raises RateLimited where no further stream may be opened, of a tenant or of all (None)."""
        with self._guard:
            of_tenant, total = self._held[cliente_id], self._held.total()
        if of_tenant >= self._per_tenant or total >= self._maximum:
            limit = self._per_tenant if of_tenant >= self._per_tenant else self._maximum
            raise RateLimited(details={"streams": limit}, retry_after_s=_TRY_AGAIN_S)

    def adopt(self, subscription: Subscription, connection: socket.socket) -> None:
        """Serves a connection from now on; the head of its answer was sent."""
        with self._guard:
            self._held[subscription.wanted.cliente_id] += 1
            loop, serving = self._running = self._running or self._start()
            asyncio.run_coroutine_threadsafe(serving.take(subscription, connection), loop)

    def _start(self) -> tuple[asyncio.AbstractEventLoop, Serving]:
        loop = asyncio.new_event_loop()
        serving = Serving(self._services, self._directory, self._ended)
        threading.Thread(target=self._run, args=(loop, serving), name="events", daemon=True).start()
        return loop, serving

    def _run(self, loop: asyncio.AbstractEventLoop, serving: Serving) -> None:
        try:
            loop.run_until_complete(serving.run())
        except Exception as error:  # noqa: BLE001  callers resume their streams; the next one finds a new loop
            _log.error("streams.failed", exc_info=error)
        finally:
            with self._guard:
                self._running = None
                self._held.clear()
            loop.close()

    def _ended(self, stream: Stream) -> None:
        with self._guard:
            self._held[stream.wanted.cliente_id] -= 1
            if self._held[stream.wanted.cliente_id] <= 0:
                del self._held[stream.wanted.cliente_id]
