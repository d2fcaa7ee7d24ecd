"""A session worker that can be asked to call its own engine directly: `handover`'s worker and its yardstick in one.

Run as a process with the settings in its environment: `python -m benchmarks.probed_worker <cliente_id>`. It is
`session_worker`'s own TenantWorker. Each line on stdin, `<number>`, sends one message to that number by the engine
alone (prepare, then hand over), which is answered with `{"kind": "bare", "ms"}` on stdout. Every other hand-over is the
worker's own and is told as `{"kind": "worker", "key", "ended_at_ns", "prepare_ms", "hand_over_ms"}`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from unittest import mock

from session_worker.engine.playwright_engine import PlaywrightEngine
from session_worker.engine.port import EngineConfig, Prepared
from session_worker.host_id import new_host_id
from session_worker.profile_store import open_store
from session_worker.worker import run_worker
from shared import logs
from shared.settings import load_settings


class ProbedEngine(PlaywrightEngine):
    """Notes when each of the worker's hand-overs ended; the clock is read twice and one line is written."""

    latest: ProbedEngine | None = None

    def __init__(self, config: EngineConfig) -> None:
        super().__init__(config)
        self._prepare_ms = 0.0
        ProbedEngine.latest = self

    def prepare(self, number: str) -> Prepared:
        """See `port.Engine.prepare`."""
        started = time.perf_counter()
        prepared = super().prepare(number)
        self._prepare_ms = (time.perf_counter() - started) * 1000
        return prepared

    def hand_over(self, prepared: Prepared, text: str) -> None:
        """See `port.Engine.hand_over`."""
        started = time.perf_counter()
        super().hand_over(prepared, text)
        ended_at_ns = time.time_ns()
        _tell(
            kind="worker",
            key=prepared.key,
            ended_at_ns=ended_at_ns,
            prepare_ms=self._prepare_ms,
            hand_over_ms=(time.perf_counter() - started) * 1000,
        )

    def bare_send(self, number: str) -> float:
        """prepare and hand_over as the adapter has them, on the very page the worker sends through. Milliseconds."""
        started = time.perf_counter()
        super().hand_over(super().prepare(number), "directo")
        return (time.perf_counter() - started) * 1000


def main() -> int:
    """Runs until SIGTERM."""
    settings = load_settings()
    logs.configure("bench", settings.log_level, settings.log_format)
    threading.Thread(target=_serve, daemon=True).start()
    with mock.patch("session_worker.worker.make_engine", ProbedEngine):
        return run_worker(settings, open_store(settings.profiles_dir), int(sys.argv[1]), "bench", new_host_id())


def _serve() -> None:
    for line in sys.stdin:
        if ProbedEngine.latest is not None:
            _tell(kind="bare", ms=ProbedEngine.latest.bare_send(line.strip()))


def _tell(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
