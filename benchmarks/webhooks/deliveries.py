"""Webhooks: deliveries a second, how long from recording to the receiver, and what a dead endpoint costs others.

The receiver is a process of its own (aiohttp, answers 204 at once). The database is SQLite, as by default.

1. `rate`: a backlog of received messages of 50 chats, recorded before, for one endpoint. A is the worker's
   `Deliverer.run` on four threads (the endpoint's lanes) until nothing is due: taking lanes, reading, signing, posting,
   keeping. B is a bare loop of `httpx.Client.post` of the same bodies over one connection. Rounds run A B A B ….
2. `latency`: `leadmaster webhooks` runs as a process. One message at a time comes in; the time is from before the drain
   that records it until the receiver has it: recording, notification, claim, post.
3. `dead`: 50 tenants with an endpoint each get a message in each round, once alone and once beside a tenant whose
   endpoint takes connections and never answers, with messages of 20 chats waiting. The time is from after the drain.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from sqlalchemy import select, text

from benchmarks.harness.figures import Figures, median_ratio, percentile
from benchmarks.harness.line_process import LineProcess
from benchmarks.harness.running_system import RunningSystem, running_system
from hub_api.recording.drain import make_drain
from hub_api.repair.lost_state import make_lost_state
from hub_api.services import Services, make_services
from hub_api.webhooks.delivery.task import make_deliverer
from hub_api.webhooks.endpoints import service as endpoints
from hub_api.webhooks.models import WebhookDelivery
from shared.instant import now_ms
from shared.protocol.events import MessageInbound
from testing.waiting import until

_HERE = ("127.0.0.0/8",)
_LIVE, _CHATS, _DEAD_CHATS = 50, 50, 20
_ARRIVES_S = 120


class _Bench:
    """A system with a receiver."""

    def __init__(self, system: RunningSystem) -> None:
        self.services: Services = make_services(system.settings)
        make_lost_state(self.services).mend()
        self.drain = make_drain(self.services)
        started = system.processes.start("receiver", "-m", "benchmarks.webhooks.receiver", pipes=True)
        self._receiver = LineProcess(started, _ARRIVES_S)
        self.url = f"http://127.0.0.1:{self._receiver.heard()['port']}"
        self._count = 0

    def endpoint(self, cliente_id: int, path: str) -> str:
        made = endpoints.create(self.services.database, cliente_id, f"{self.url}/{path}", None, {}, "benchmark")
        return str(made["webhook_id"])

    def receive(self, cliente_id: int, chat: int) -> None:
        self._count += 1
        number = f"5491187{chat:06d}"
        key = f"false_{number}@c.us_3EB0{self._count:08d}"
        told = MessageInbound(number, "quiero información de la casa", now_ms(), key, chat_id=f"{number}@c.us")
        self.services.ledger.receipts.record_inbound(cliente_id, [told], told.at)

    def arrived(self) -> dict[str, float]:
        self._receiver.tell("")
        return {name: at for name, (at, _) in self._receiver.heard()["arrived"].items()}

    def until_arrived(self, count: int, under: str = "/live") -> dict[str, float]:
        seen: dict[str, float] = {}

        def all_there() -> bool:
            seen.update({name: at for name, at in self.arrived().items() if under in name})
            return len(seen) >= count

        until(all_there, _ARRIVES_S, f"{count} deliveries")
        return seen


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    backlog, rounds, single, together = (300, 1, 10, 3) if quick else (2_000, 3, 200, 10)
    with running_system(folder, webhook_allowed_networks=_HERE) as system:
        bench = _Bench(system)
        pairs = _rates(bench, backlog, rounds)
        for part in ("webhooks", "beat"):
            system.processes.start(part, "-m", "leadmaster", part)
        latencies = _latencies(bench, single)
        alone, beside = _beside_dead(bench, together)
        bench.services.close()
    ratio = median_ratio(pairs)
    slower = percentile(beside, 0.99) / percentile(alone, 0.99)
    rows = [
        ("deliveries/s, four lanes", f"{max(ours for ours, _ in pairs):,.0f}", f"{ratio:.2f}"),
        ("bare loop of httpx posts/s", f"{max(bare for _, bare in pairs):,.0f}", ""),
        ("recorded → received, p50 ms", f"{percentile(latencies, 0.5) * 1000:.0f}", ""),
        ("recorded → received, p99 ms", f"{percentile(latencies, 0.99) * 1000:.0f}", ""),
        (f"{_LIVE} live endpoints, p50 / p99 ms", _pair(alone), ""),
        ("the same beside a dead one", _pair(beside), f"{slower:.2f}"),
    ]
    return Figures(
        "webhooks",
        ("", "", "ratio"),
        rows,
        f"rate {ratio:.2f} of a bare loop (goal ≥ 0.6); p99 beside a dead endpoint {slower:.2f} times (goal ≤ 1.2)",
        ["SQLite, synced at each commit; receiver, worker and this process share the machine"],
    )


def _pair(samples: Sequence[float]) -> str:
    return f"{percentile(samples, 0.5) * 1000:.0f} / {percentile(samples, 0.99) * 1000:.0f}"


def _rates(bench: _Bench, backlog: int, rounds: int) -> list[tuple[float, float]]:
    """Deliveries and bare posts a second, by round."""
    bench.endpoint(1, "live/rate")
    found = []
    for _ in range(rounds):
        for number in range(backlog):
            bench.receive(1, number % _CHATS)
        bench.drain.run()
        bodies = _waiting_bodies(bench)
        deliverer = make_deliverer(bench.services)
        began = time.perf_counter()
        threads = [threading.Thread(target=deliverer.run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ours = len(bodies) / (time.perf_counter() - began)
        bench.until_arrived(len(bodies))
        headers = {"content-type": "application/json"}
        with httpx.Client(trust_env=False) as client:
            began = time.perf_counter()
            for body in bodies:
                assert client.post(f"{bench.url}/bare", content=body, headers=headers).is_success
            bare = len(bodies) / (time.perf_counter() - began)
        found.append((ours, bare))
    with bench.services.database.writing() as session:
        session.execute(text("UPDATE webhook_endpoints SET active = false"))
    return found


def _waiting_bodies(bench: _Bench) -> list[str]:
    with bench.services.database.reading() as session:
        return list(session.scalars(select(WebhookDelivery.body).where(WebhookDelivery.status == "waiting")))


def _latencies(bench: _Bench, samples: int) -> list[float]:
    """Seconds from before the drain to the receiver, one message at a time."""
    bench.endpoint(2, "live/single")
    found = []
    for number in range(samples + 5):  # the first ones warm the worker up
        bench.receive(2, number)
        began = time.monotonic()
        bench.drain.run()
        [at] = bench.until_arrived(1).values()
        found.append(at - began)
    return found[5:]


def _beside_dead(bench: _Bench, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds from after the drain to each live receiver, alone and beside a dead one, in turns."""
    tenants = range(1_000, 1_000 + _LIVE)
    for cliente_id in tenants:
        bench.endpoint(cliente_id, f"live/{cliente_id}")
    dead = bench.endpoint(999, "dead")
    alone: list[float] = []
    beside: list[float] = []
    for number in range(rounds * 2):
        with_dead = number % 2 == 1
        _set_active(bench, dead, with_dead)
        if with_dead:
            for chat in range(_DEAD_CHATS):
                bench.receive(999, chat)
            bench.drain.run()
        for cliente_id in tenants:
            bench.receive(cliente_id, number)
        bench.drain.run()
        began = time.monotonic()
        found = bench.until_arrived(_LIVE)
        (beside if with_dead else alone).extend(at - began for at in found.values())
    return alone, beside


def _set_active(bench: _Bench, webhook_id: str, active: bool) -> None:
    endpoints.edit(bench.services.database, 999, webhook_id, {"active": active}, "benchmark")
