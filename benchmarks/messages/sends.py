"""Sends per second through a worker with a backlog, against a bare loop that awaits each acknowledgement.

A is the worker's own way: claim, `prepare`, the persisted key, `hand_over`, the acknowledgement recorded in the ledger;
hand-over and acknowledgement are awaited beside the next one's claim and key; no gap (`SEND_GAP=0`). The backlog is
accepted (and its Celery notifications are consumed) before the round begins, so that neither accepting nor the hub is
in the figure. B is `prepare`, `hand_over` and waiting for an AckSeen of 1 or above, on the same engine, the same page
and in the same worker process (`looped_worker.py`), without Redis. Both write once a round to each of the same
recipients, whose chats were opened before. Rounds run A B A B …, the page idle before each until the receipts of the
last one are in. A round's figure is the time from its first acknowledgement to its last, over the messages between. The
server's acknowledgement is delayed by the simulator's `ack_ms`; the fault `latency_ms` would slow the page's other
questions as well.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness.caller import Caller
from benchmarks.harness.figures import Figures, median_ratio
from benchmarks.harness.line_process import LineProcess
from benchmarks.harness.running_system import RunningSystem, running_system
from simulator.client import SimulatorClient

CLIENTE_ID = 51
LATENCIES_MS = (0, 5, 50)
_PHONE = "5491150000051"
_ANSWER_S = 150.0
_RECEIPTS_S = 2.5  # the simulator's read_ms and some more


@dataclass(frozen=True, slots=True)
class _Pair:
    """One round of the worker's and one of the loop's: what `looped_worker` told."""

    worker: dict[str, Any]
    loop: dict[str, Any]


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    rounds, each = (2, 10) if quick else (5, 50)
    numbers = [f"54911{23_450_000 + number}" for number in range(each + 1)]
    measured: dict[int, list[_Pair]] = {}
    with running_system(folder, accept_rate_per_minute=0) as system:
        simulator = system.start_simulator(ack_ms=0)
        worker = _start(system, simulator)
        _loop(worker, numbers)  # opens the chats
        caller = system.new_caller()
        _through_the_worker(caller, worker, numbers)
        for latency in LATENCIES_MS:
            simulator.put_settings(ack_ms=latency)
            measured[latency] = [_round(caller, worker, numbers) for _ in range(rounds)]
    return _figures(measured, each)


def _start(system: RunningSystem, simulator: SimulatorClient) -> LineProcess:
    system.add_tenant(CLIENTE_ID)
    system.start_hub()
    worker = system.start_lines("worker", "benchmarks.messages.looped_worker", str(CLIENTE_ID), answer_s=_ANSWER_S)
    system.pair(simulator, CLIENTE_ID, _PHONE)
    return worker


def _round(caller: Caller, worker: LineProcess, numbers: list[str]) -> _Pair:
    time.sleep(_RECEIPTS_S)
    through = _through_the_worker(caller, worker, numbers)
    time.sleep(_RECEIPTS_S)
    return _Pair(through, _loop(worker, numbers))


def _through_the_worker(caller: Caller, worker: LineProcess, numbers: list[str]) -> dict[str, Any]:
    worker.ask(json.dumps({"do": "hold", "count": len(numbers)}), kind="held")
    for number in numbers:
        caller.post(f"/api/whatsapp/{CLIENTE_ID}/messages", {"to": number, "message": "directo"})
    time.sleep(0.5)  # the last notifications are consumed
    return worker.ask(json.dumps({"do": "go"}), kind="worker")


def _loop(worker: LineProcess, numbers: list[str]) -> dict[str, Any]:
    return worker.ask(json.dumps({"do": "loop", "numbers": numbers}), kind="loop")


def _figures(measured: dict[int, list[_Pair]], each: int) -> Figures:
    rows: list[tuple[str, ...]] = []
    ratios: list[str] = []
    for latency, pairs in measured.items():
        ratio = median_ratio([(_per_second(pair.worker), _per_second(pair.loop)) for pair in pairs])
        ratios.append(f"{ratio:.2f}")
        rows.append(_row(f"{latency} ms: worker", [pair.worker for pair in pairs], f"{ratio:.2f}"))
        rows.append(_row(f"{latency} ms: bare loop", [pair.loop for pair in pairs], ""))
    spread = "; ".join(
        f"{latency} ms: " + " ".join(f"{_per_second(pair.worker) / _per_second(pair.loop):.2f}" for pair in pairs)
        for latency, pairs in measured.items()
    )
    latencies = ", ".join(str(latency) for latency in measured)
    return Figures(
        "sends: a worker with a backlog against a bare loop (medians; the parts of a message in ms)",
        ("ack_ms", "sends/s", "ratio", "prepare", "→ hand over", "hand over", "→ ack"),
        rows,
        f"{' / '.join(ratios)} of the bare loop's at {latencies} ms (goal >= 0.9 each)",
        [
            f"{len(next(iter(measured.values())))} rounds of {each} messages each way and latency, {each} recipients.",
            f"rounds: {spread}",
        ],
    )


def _per_second(told: dict[str, Any]) -> float:
    cycles: list[float] = told["cycles"]
    return len(cycles) / sum(cycles) * 1000


def _row(name: str, rounds: list[dict[str, Any]], ratio: str) -> tuple[str, ...]:
    parts = [
        f"{median(sample for told in rounds for sample in told[part]):.1f}"
        for part in ("prepare", "to_hand_over", "hand_over", "to_ack")
    ]
    return (name, f"{median(map(_per_second, rounds)):.1f}", ratio, *parts)
