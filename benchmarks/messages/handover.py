"""From acceptance to the page on an idle session, against the bare engine call.

A begins when the hub accepted the message (`accepted_at` of the 202, whole milliseconds rounded down, so A is read up
to 1 ms too long) and ends when the engine's `hand_over` has returned in the worker: the page holds the message under
its persisted key. Between the two lie: the ledger script, the Celery notification, the claim, `prepare`, the persisted
key and `hand_over`. B is `prepare` and `hand_over` alone, called on the same engine, the same page and the same worker
process (`probed_worker.py`), timed around the two calls. Both write to the same known recipient, alternately A B A B …,
on a session that is idle before each: no gap (`SEND_GAP=0`), everything acknowledged. `POST → page` begins before the
request is written instead.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.harness.caller import Caller
from benchmarks.harness.figures import Figures, percentile
from benchmarks.harness.line_process import LineProcess
from benchmarks.harness.running_system import running_system
from shared.instant import from_iso

CLIENTE_ID = 51
_PHONE, _RECIPIENT = "5491150000051", "5491123450001"
_ANSWER_S = 30.0


@dataclass(frozen=True, slots=True)
class _Accepted:
    """One message through the whole path, in milliseconds."""

    to_page: float
    from_post: float
    prepare: float
    hand_over: float


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    samples = 8 if quick else 150
    rng = random.Random(51)
    with running_system(folder) as system:
        simulator = system.start_simulator(ack_ms=20)
        system.add_tenant(CLIENTE_ID)
        system.start_hub()
        module = "benchmarks.messages.probed_worker"
        worker = system.start_lines("worker", module, str(CLIENTE_ID), answer_s=_ANSWER_S)
        system.pair(simulator, CLIENTE_ID, _PHONE)
        accepted, bare = _measure(system.new_caller(), worker, samples, rng)
    return _figures(accepted, bare)


def _measure(
    caller: Caller, worker: LineProcess, samples: int, rng: random.Random
) -> tuple[list[_Accepted], list[float]]:
    accepted: list[_Accepted] = []
    bare: list[float] = []
    for number in range(samples + 3):
        _idle(rng)
        one = _through_the_hub(caller, worker, number)
        _idle(rng)
        direct = float(worker.ask(_RECIPIENT, kind="bare")["ms"])
        if number >= 3:  # the first few load the chat and warm connections
            accepted.append(one)
            bare.append(direct)
    return accepted, bare


def _idle(rng: random.Random) -> None:
    """Waits until the acknowledgement is in, at no fixed phase of whatever runs by itself every few hundred ms."""
    time.sleep(rng.uniform(0.15, 0.35))


def _through_the_hub(caller: Caller, worker: LineProcess, number: int) -> _Accepted:
    posted_ns = time.time_ns()
    message = caller.post(f"/api/whatsapp/{CLIENTE_ID}/messages", {"to": _RECIPIENT, "message": f"hola {number}"})
    told = worker.heard(kind="worker")
    ended_ms = told["ended_at_ns"] / 1e6
    return _Accepted(
        to_page=ended_ms - from_iso(message["accepted_at"]),
        from_post=ended_ms - posted_ns / 1e6,
        prepare=told["prepare_ms"],
        hand_over=told["hand_over_ms"],
    )


def _figures(accepted: list[_Accepted], bare: list[float]) -> Figures:
    to_page = [one.to_page for one in accepted]
    within = [one.prepare + one.hand_over for one in accepted]
    ratio = median(to_page) / median(bare)
    rows = [
        _row("accepted → handed to the page", to_page),
        _row("  of it prepare + hand_over", within),
        _row("POST → handed to the page", [one.from_post for one in accepted]),
        _row("bare prepare + hand_over", bare),
    ]
    verdict = f"p50 {ratio:.2f} times the bare engine call (goal <= 5)"
    notes = [f"{len(bare)} messages each way, idle session, SEND_GAP=0, simulator's ack after 20 ms."]
    columns = ("", "p50 ms", "p90 ms", "p99 ms")
    return Figures("handover: accepted → page against the bare engine", columns, rows, verdict, notes)


def _row(name: str, samples: list[float]) -> tuple[str, ...]:
    return (name, *(f"{percentile(samples, share):.1f}" for share in (0.5, 0.9, 0.99)))
