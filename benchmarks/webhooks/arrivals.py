"""How long from a message's arrival at the page to the receiver of its webhook: everything between, on a quiet system.

Real sessions with Chromium on the simulator's page, hub, background worker, beat, webhook worker and SQLite, as
`leadmaster up` runs them; the receiver is a process of its own (aiohttp, answers 204 at once). One text at a time comes
in, to one tenant after the other, at moments that no period of the product knows. A sample begins just before the
simulator is told to put the message into the page, and ends when the receiver has the request. Between these stand, by
the same clock: the page's database has it (the simulator's `delivered_at`); Redis has the event (`timestamp` of the
envelope); the event got its number in SQL's transaction (its id tells when).
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.figures import Figures, percentile
from benchmarks.harness.line_process import LineProcess
from benchmarks.harness.running_system import RunningSystem, running_system
from hub_api.public_events import numbers
from hub_api.public_events.types import PublicEventType
from shared.instant import from_iso
from simulator.client import SimulatorClient
from testing.waiting import until

_HERE = ("127.0.0.0/8",)
_FIRST_CLIENTE_ID, _SENDER = 51, "5491123456789"
_ARRIVES_S = 60
_QUIET_S = 10.0  # after the sessions have become READY
_PAUSE_S = (0.4, 1.6)
_WARM = 2  # samples of each tenant that are not counted
_GOAL_MS = 100


@dataclass(frozen=True, slots=True)
class _Sample:
    """Milliseconds since the simulator was told."""

    in_page: float
    in_redis: float
    numbered: float
    received: float


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    tenants, each = (2, 10) if quick else (4, 50)
    with running_system(folder, webhook_allowed_networks=_HERE) as system:
        simulator = system.start_simulator()
        system.start_hub()
        for part in ("background", "beat", "webhooks"):
            system.processes.start(part, "-m", "leadmaster", part)
        system.start_host()
        receiver = LineProcess(
            system.processes.start("receiver", "-m", "benchmarks.webhooks.receiver", pipes=True), _ARRIVES_S
        )
        url = f"http://127.0.0.1:{receiver.heard()['port']}/live"
        cliente_ids = range(_FIRST_CLIENTE_ID, _FIRST_CLIENTE_ID + tenants)
        for cliente_id in cliente_ids:
            _link(system, simulator, cliente_id, url)
        time.sleep(1 if quick else _QUIET_S)
        samples = _samples(simulator, receiver, cliente_ids, each)
    rows = [
        _row("page's database has it", [one.in_page for one in samples]),
        _row("Redis has the event", [one.in_redis for one in samples]),
        _row("recorded, the delivery too", [one.numbered for one in samples]),
        _row("the receiver has it", [one.received for one in samples]),
    ]
    middle = percentile([one.received for one in samples], 0.5)
    return Figures(
        "arrivals: from the page to the webhook's receiver, ms since the message was put into the page",
        ("", "p50", "p99", "max"),
        rows,
        f"p50 {middle:.0f} ms (goal ≤ {_GOAL_MS})",
        [f"{len(samples)} texts, one at a time, {tenants} tenants with a browser each; SQLite, synced at each commit."],
    )


def _row(name: str, samples: Sequence[float]) -> tuple[str, ...]:
    figures = percentile(samples, 0.5), percentile(samples, 0.99), max(samples)
    return (name, *(f"{one:.0f}" for one in figures))


def _link(system: RunningSystem, simulator: SimulatorClient, cliente_id: int, url: str) -> None:
    """A session that is READY, with an endpoint."""
    system.add_tenant(cliente_id)
    caller = system.new_caller()
    caller.post(f"/api/whatsapp/{cliente_id}/connect")
    system.pair(simulator, cliente_id, _phone(cliente_id))
    events = [PublicEventType.MESSAGE_RECEIVED.value]
    caller.post("/api/webhooks", {"url": url, "events": events, "cliente_id": cliente_id})


def _phone(cliente_id: int) -> str:
    return f"549115000{cliente_id:04d}"


def _samples(simulator: SimulatorClient, receiver: LineProcess, cliente_ids: Sequence[int], each: int) -> list[_Sample]:
    rng = random.Random(1)
    found = []
    for number in range(each + _WARM):
        for cliente_id in cliente_ids:
            time.sleep(rng.uniform(*_PAUSE_S))
            sample = _sample(simulator, receiver, cliente_id, number)
            if number >= _WARM:
                found.append(sample)
    return found


def _sample(simulator: SimulatorClient, receiver: LineProcess, cliente_id: int, number: int) -> _Sample:
    phone = _phone(cliente_id)
    began, began_at = time.monotonic(), time.time() * 1000
    seq = simulator.inbound(phone, _SENDER, f"¿Cuánto sale? {number}")["seq"]
    [(name, (at, timestamp))] = until(lambda: _arrived(receiver), _ARRIVES_S, "the webhook").items()
    # The page says so on its own time, which may be after the webhook came.
    delivered_at = until(lambda: _delivered_at(simulator, phone, seq), _ARRIVES_S, "the page's database to have it")
    event = numbers.read(name.partition("/")[0])
    moments = delivered_at, float(from_iso(timestamp)), float(numbers.time_ms(event))
    in_page, in_redis, numbered = (moment - began_at for moment in moments)
    return _Sample(in_page, in_redis, numbered, (at - began) * 1000)


def _delivered_at(simulator: SimulatorClient, phone: str, seq: int) -> float:
    """Milliseconds; 0 until it is there."""
    [row] = simulator.messages(phone, after_seq=seq - 1)
    return float(row["delivered_at"] or 0)


def _arrived(receiver: LineProcess) -> dict[str, tuple[float, str]]:
    found = receiver.ask("")["arrived"]
    return {name: (at, timestamp) for name, (at, timestamp) in found.items()}
