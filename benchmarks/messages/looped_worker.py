"""A session worker that can be asked to send in a bare loop through its own engine: `sends`' worker and its yardstick.

Run as a process with the settings in its environment: `python -m benchmarks.messages.looped_worker <cliente_id>`. It is
`session_worker`'s own TenantWorker. Each line on stdin is a JSON object; each answer is one on stdout:

- `{"do": "loop", "numbers"}`: sends one message to each number by the engine alone, awaiting each acknowledgement;
  answers `loop`.
- `{"do": "hold", "count"}`: keeps the worker's next `prepare` waiting while a backlog is accepted; answers `held`.
- `{"do": "go"}`: lets it begin; answers `worker` once `count` messages of the worker's are acknowledged.

`loop` and `worker` have `cycles`, milliseconds from one acknowledgement to the next, and of each message `prepare`,
`to_hand_over`, `hand_over` and `to_ack`; the worker's messages overlap. Acknowledgements are timed where the engine
tells them, alike on both sides. What it tells of the loop's messages goes no further.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from itertools import pairwise
from typing import Any

from benchmarks.harness.line_process import answer
from benchmarks.messages.worker_with_engine import run_worker_with
from session_worker.engine.playwright_adapter.engine import PlaywrightEngine
from session_worker.engine.port import AckSeen, EngineConfig, EngineEvent, Handed, Listener, Outgoing, Prepared

_ACK_S = 10.0
_ROUND_S = 120.0
_PARTS = ("prepare", "to_hand_over", "hand_over", "to_ack")


class LoopedEngine(PlaywrightEngine):
    """Notes five times per message, and keeps the loop's acknowledgements to itself."""

    latest: LoopedEngine | None = None

    def __init__(self, config: EngineConfig) -> None:
        super().__init__(config)
        self._open = threading.Event()
        self._open.set()
        self._changed = threading.Condition()
        self._times: dict[str, list[float]] = {}  # of a round, by key, in order: calls and returns
        self._of_loops: set[str] = set()
        self._acknowledged: dict[str, float] = {}
        LoopedEngine.latest = self

    def start(self, listener: Listener) -> None:
        """See `port.Engine.start`."""
        super().start(lambda event: self._heard(listener, event))

    def prepare(self, number: str) -> Prepared:
        """See `port.Engine.prepare`."""
        self._open.wait(_ROUND_S)
        return self._prepare(number, of_loop=False)

    def hand_over(self, prepared: Prepared, outgoing: Outgoing) -> Handed:
        """See `port.Engine.hand_over`."""
        times = self._times[prepared.key]
        times.append(time.perf_counter())
        handed = super().hand_over(prepared, outgoing)
        with self._changed:
            times.append(time.perf_counter())
            self._changed.notify_all()
        return handed

    def hold(self) -> None:
        """Keeps the worker from its next message."""
        self._open.clear()
        self._begin()

    def go(self, count: int) -> dict[str, Any]:
        """Lets the worker send its backlog of `count` messages. Raises TimeoutError."""
        self._open.set()
        self._await(count, _ROUND_S)
        return self._measured()

    def loop(self, numbers: list[str]) -> dict[str, Any]:
        """Sends one message to each number by the engine alone: the yardstick. Raises TimeoutError."""
        self._begin()
        for sent, number in enumerate(numbers, 1):
            self.hand_over(self._prepare(number, of_loop=True), Outgoing("directo"))
            self._await(sent, _ACK_S)
        return self._measured()

    def _begin(self) -> None:
        with self._changed:
            self._times, self._acknowledged = {}, {}

    def _prepare(self, number: str, *, of_loop: bool) -> Prepared:
        called = time.perf_counter()
        prepared = super().prepare(number)
        with self._changed:
            self._times[prepared.key] = [called, time.perf_counter()]
            if of_loop:
                self._of_loops.add(prepared.key)
        return prepared

    def _heard(self, listener: Listener, event: EngineEvent) -> None:
        if isinstance(event, AckSeen):
            with self._changed:
                if event.ack >= 1 and event.key in self._times and event.key not in self._acknowledged:
                    self._acknowledged[event.key] = time.perf_counter()
                    self._changed.notify_all()
                if event.key in self._of_loops:
                    return
        listener(event)

    def _await(self, count: int, timeout_s: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._complete(count), timeout_s):
                raise TimeoutError(f"{len(self._acknowledged)} of {count} were acknowledged")

    def _complete(self, count: int) -> bool:
        """Says whether all have both; an acknowledgement may be told before its hand-over returned."""
        return len(self._acknowledged) >= count and all(len(times) == 4 for times in self._times.values())

    def _measured(self) -> dict[str, Any]:
        """Returns the times of all but the first message, which waited for the round to begin."""
        with self._changed:
            rounds = [(*times, self._acknowledged[key]) for key, times in self._times.items()]
        parts: dict[str, list[float]] = {name: [] for name in _PARTS}
        for times in rounds[1:]:
            for name, (begin, end) in zip(_PARTS, pairwise(times), strict=True):
                parts[name].append((end - begin) * 1000)
        acknowledged = sorted(times[-1] for times in rounds)
        return {"cycles": [(after - before) * 1000 for before, after in pairwise(acknowledged)], **parts}


def _serve() -> None:
    count = 0
    for line in sys.stdin:
        asked = json.loads(line)
        engine = LoopedEngine.latest
        assert engine is not None
        match asked["do"]:
            case "loop":
                answer(kind="loop", **engine.loop(asked["numbers"]))
            case "hold":
                count = asked["count"]
                engine.hold()
                answer(kind="held")
            case "go":
                answer(kind="worker", **engine.go(count))


if __name__ == "__main__":
    sys.exit(run_worker_with(LoopedEngine, _serve))
