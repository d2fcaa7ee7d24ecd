"""A session worker that can be asked to call its own engine directly: `handover`'s worker and its yardstick in one.

Run as a process with the settings in its environment: `python -m benchmarks.messages.probed_worker <cliente_id>`. It is
`session_worker`'s own TenantWorker. Each line on stdin, `<number>`, sends one message to that number by the engine
alone (prepare, then hand over), which is answered with `{"kind": "bare", "ms"}` on stdout. Every other hand-over is the
worker's own and is told as `{"kind": "worker", "key", "ended_at_ns", "prepare_ms", "hand_over_ms"}`.
"""

from __future__ import annotations

import sys
import time

from benchmarks.harness.line_process import answer
from benchmarks.messages.worker_with_engine import run_worker_with
from session_worker.engine.playwright_adapter.engine import PlaywrightEngine
from session_worker.engine.port import EngineConfig, Handed, Outgoing, Prepared


class ProbedEngine(PlaywrightEngine):
    """Notes when each of the worker's hand-overs ended; the clock is read twice and one line is written."""

    latest: ProbedEngine | None = None

    def __init__(self, config: EngineConfig) -> None:
        super().__init__(config)
        self._prepare_ms = 0.0
        ProbedEngine.latest = self

    def prepare(self, to: str) -> Prepared:
        """See `port.Engine.prepare`."""
        started = time.perf_counter()
        prepared = super().prepare(to)
        self._prepare_ms = (time.perf_counter() - started) * 1000
        return prepared

    def hand_over(self, prepared: Prepared, outgoing: Outgoing) -> Handed:
        """See `port.Engine.hand_over`."""
        started = time.perf_counter()
        handed = super().hand_over(prepared, outgoing)
        ended_at_ns = time.time_ns()
        answer(
            kind="worker",
            key=prepared.key,
            ended_at_ns=ended_at_ns,
            prepare_ms=self._prepare_ms,
            hand_over_ms=(time.perf_counter() - started) * 1000,
        )
        return handed

    def bare_send(self, number: str) -> float:
        """Prepares and hands over as the adapter does, on the page the worker sends through. Returns milliseconds."""
        started = time.perf_counter()
        super().hand_over(super().prepare(number), Outgoing("directo"))
        return (time.perf_counter() - started) * 1000


def _serve() -> None:
    for line in sys.stdin:
        if ProbedEngine.latest is not None:
            answer(kind="bare", ms=ProbedEngine.latest.bare_send(line.strip()))


if __name__ == "__main__":
    sys.exit(run_worker_with(ProbedEngine, _serve))
