"""Accepted sends per second over the full path, against a bare Flask hello world on the same kind of server.

A is `POST …/messages` with a JWT, a JSON body, a recipient and a text of its own each time: authentication, validation,
the number's parsing, one Lua script (ledger, open index, notification on the tenant's queue, event; append-only file
synced always), answer 202. Four tenants; each session is READY by a snapshot under a live lease, without a browser or a
worker. B is `GET /` of `bare_flask.py`: Flask, one view, the same gunicorn worker class, workers, threads and
keep-alive. Both get the same load from the same generator in a process of its own (`load_generator.py`), 16 keep-alive
connections with one request each under way, in rounds A B A B …. Server, Redis and generator share the machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from benchmarks.harness.figures import Figures, median_ratio, percentile
from benchmarks.harness.line_process import LineProcess
from benchmarks.harness.ready_sessions import make_ready
from benchmarks.harness.running_system import RunningSystem, running_system
from testing.processes import cpu_of, descendants

CONNECTIONS = 16
TENANTS = (51, 52, 53, 54)
_ANSWER_S = 90.0
_RECIPIENTS = 1_000


@dataclass(frozen=True, slots=True)
class _Round:
    """One burst of load."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float  # of the server's processes, per request
    generator_share: float  # of one core, used by the generator


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    rounds, seconds = (2, 1.0) if quick else (7, 5.0)
    with accepting_system(folder) as system:
        hello_url = _start_bare_flask(system)
        generator = system.start_lines("generator", "benchmarks.messages.load_generator", answer_s=_ANSWER_S)
        ours = [request_plan(system, cliente_id, seconds) for cliente_id in TENANTS]
        bare = _plan(hello_url, "GET / HTTP/1.1\r\nHost: hello\r\n", [""], seconds)
        for plan in (ours[0], bare):
            _burst(generator, {**plan, "seconds": 1.0}, [])  # warms threads, caches and connections
        hub_pids, hello_pids = (_pids(system, name) for name in ("hub", "bare_flask"))
        measured: list[tuple[_Round, _Round]] = []
        for number in range(rounds):
            a = _burst(generator, ours[number % len(ours)], hub_pids)
            b = _burst(generator, bare, hello_pids)
            measured.append((a, b))
    return _figures(measured, seconds)


def _figures(measured: list[tuple[_Round, _Round]], seconds: float) -> Figures:
    a, b = [one for one, _ in measured], [one for _, one in measured]
    rate = median_ratio([(x.per_second, y.per_second) for x, y in measured])
    p50 = median_ratio([(x.p50_ms, y.p50_ms) for x, y in measured])
    p99 = median_ratio([(x.p99_ms, y.p99_ms) for x, y in measured])
    rows = [
        _row("accepted sends", a),
        _row("hello world", b),
        ("ratio (median of rounds)", f"{rate:.2f}", f"{p50:.2f}", f"{p99:.2f}", "", ""),
    ]
    verdict = f"throughput {rate:.2f} of hello world's (goal >= 0.5); p99 {p99:.2f} times (goal <= 3)"
    notes = [f"{len(measured)} rounds of {seconds:.0f} s each, {CONNECTIONS} connections; no worker and no drain run."]
    columns = ("", "per second", "p50 ms", "p99 ms", "server CPU ms each", "generator, of a core")
    return Figures("accept: POST …/messages against a bare Flask", columns, rows, verdict, notes)


def _row(name: str, rounds: list[_Round]) -> tuple[str, ...]:
    return (
        name,
        f"{median(one.per_second for one in rounds):.0f}",
        f"{median(one.p50_ms for one in rounds):.1f}",
        f"{median(one.p99_ms for one in rounds):.1f}",
        f"{median(one.cpu_ms for one in rounds):.2f}",
        f"{median(one.generator_share for one in rounds):.0%}",
    )


@contextmanager
def accepting_system(folder: Path) -> Iterator[RunningSystem]:
    """Gives a hub whose tenants are READY as far as Redis can tell."""
    with running_system(folder, accept_rate_per_minute=0, queue_limit=10_000_000) as system:
        make_ready(system.redis, system.keys, TENANTS)
        for cliente_id in TENANTS:
            system.add_tenant(cliente_id)
        system.start_hub()
        yield system


def _start_bare_flask(system: RunningSystem) -> str:
    ready = system.folder / "bare_flask.ready"
    workers, threads = str(system.settings.hub_workers), str(system.settings.hub_threads)
    system.processes.start("bare_flask", "-m", "benchmarks.messages.bare_flask", workers, threads, str(ready))
    return system.processes.ready_file("bare_flask", ready)


def request_plan(system: RunningSystem, cliente_id: int, seconds: float) -> dict[str, Any]:
    """What the load generator is to do: sends of one tenant, over all connections."""
    return _plan(system.hub_url, _head(system, cliente_id), _bodies(), seconds)


def _plan(url: str, head: str, bodies: list[str], seconds: float) -> dict[str, Any]:
    address = urlsplit(url)
    return {
        "host": address.hostname,
        "port": address.port,
        "connections": CONNECTIONS,
        "seconds": seconds,
        "head": head,
        "bodies": bodies,
    }


def _head(system: RunningSystem, cliente_id: int) -> str:
    return (
        f"POST /api/whatsapp/{cliente_id}/messages HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {system.admin_token}\r\n"
    )


def _bodies() -> list[str]:
    """Returns the bodies of sends to a bounded set of recipients, as a tenant has."""
    return [
        json.dumps({"to": f"54911{23_450_000 + number}", "message": f"Hola, su turno es el {number} a las 10:30."})
        for number in range(_RECIPIENTS)
    ]


def _pids(system: RunningSystem, name: str) -> list[int]:
    return [one.pid for one in descendants(system.processes.process(name).pid)]


def _burst(generator: LineProcess, plan: dict[str, Any], pids: list[int]) -> _Round:
    with cpu_of(pids) as cpu_used:
        heard = generator.ask(json.dumps(plan))
        used = cpu_used()
    if heard["refused"]:
        raise RuntimeError(f"{heard['refused']} requests were refused")
    latencies: list[float] = heard["latencies_ms"]
    return _Round(
        per_second=len(latencies) / heard["seconds"],
        p50_ms=percentile(latencies, 0.50),
        p99_ms=percentile(latencies, 0.99),
        cpu_ms=used / len(latencies) * 1000,
        generator_share=heard["cpu_s"] / heard["seconds"],
    )
