"""Writes acknowledgements into Redis, in order, on a thread of its own.

The engine's thread must never wait for Redis, and no acknowledgement may be lost while Redis is away: they queue here.
What comes in has a thread of its own (`shell.py`): it asks the page, and no acknowledgement must wait for that.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import redis

from session_worker.engine.port import AckSeen
from shared.instant import now_ms
from shared.ledger.ledger import Ledger
from shared.logs import get_logger

_log = get_logger(__name__)


class Recorder:
    """Records what is put into `inbox` by any thread; None ends it.

    on_ack(key, ack, refusal): called after an acknowledgement was recorded, and for a refusal (see `port.AckSeen`).
    """

    def __init__(
        self,
        inbox: queue.SimpleQueue[AckSeen | None],
        ledger: Ledger,
        cliente_id: int,
        on_ack: Callable[[str, int, str], None],
    ) -> None:
        self._reports = inbox
        self._ledger = ledger
        self._cliente_id = cliente_id
        self._on_ack = on_ack
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Records what is waiting, at most for `timeout_s`, then ends."""
        self._reports.put(None)
        self._thread.join(timeout_s)
        self._stop.set()

    def _run(self) -> None:
        while (report := self._reports.get()) is not None:
            while not self._stop.is_set():
                try:
                    self._record(report)
                    break
                except redis.RedisError as error:
                    _log.warning("report.waits_for_redis", error=type(error).__name__)
                    self._stop.wait(0.5)

    def _record(self, report: AckSeen) -> None:
        if report.ack >= 1:
            self._ledger.receipts.acknowledge(self._cliente_id, report.key, report.ack, now_ms())
        self._on_ack(report.key, report.ack, report.refusal)
