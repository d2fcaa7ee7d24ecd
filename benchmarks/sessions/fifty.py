"""Fifty sessions with the fake engine on one host: their start, their memory, and what a message costs beside five.

The engine is `fake://auto`: real hosts, workers, leases, consumers and ledger, but no browser, so that what is measured
is all that stands around one. The start is from that of `leadmaster host` until the last session's snapshot says READY;
every session is linked already, as after a restart of the machine. Once with the default of SESSION_START_LIMIT, which
is there because browsers need a machine's cores as they start, and once with none to speak of. Memory is PSS once all
are quiet. A message's cost is the CPU time of workers, host and Redis from the first accepted message to the last
acknowledged one, without what they use when idle for as long, which is stated beside it; the hub's part isn't in it.
Every session sends at the same pace on both sides, so that it is the number of sessions that differs and not how much
of its work each can do at once. Fifty and five in turns, each in processes of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import cast

from benchmarks.harness.figures import Figures, median_ratio
from benchmarks.harness.running_system import RunningSystem, running_system
from session_worker.worker.memory import tree_pss_mib
from session_worker.worker.process_title import find_worker
from testing.processes import cpu_of, descendants
from testing.waiting import until

_MANY, _FEW = 50, 5
_FIRST_CLIENTE_ID = 1001
_ENGINE = "fake://auto?ack_ms=5&delivered_ms=50"
_UNLIMITED = 64  # the most that SESSION_START_LIMIT takes
_READY_S = 300.0
_POSTERS = 4
_PACE_PER_S = 3.0  # messages of one session


@dataclass(frozen=True, slots=True)
class _Run:
    """One host with so many sessions."""

    start_s: dict[int, float]  # by start limit
    worker_mib: float
    host_mib: float  # forking parent and reconciler
    idle_share: float  # of one core, of workers, host and Redis
    message_ms: float  # CPU, the idle part taken off
    message_gross_ms: float


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    rounds, many, each, idle_s = (1, 10, 5, 2.0) if quick else (3, _MANY, 60, 10.0)
    pairs: list[tuple[_Run, _Run]] = []
    for number in range(rounds):
        a = _one_run(folder / f"{number}-many", many, each, idle_s)
        b = _one_run(folder / f"{number}-few", _FEW, each, idle_s)
        pairs.append((a, b))
    return _figures(pairs, many, each)


def _one_run(folder: Path, sessions: int, each: int, idle_s: float) -> _Run:
    cliente_ids = range(_FIRST_CLIENTE_ID, _FIRST_CLIENTE_ID + sessions)
    with running_system(folder, session_host_capacity=sessions, accept_rate_per_minute=0) as system:
        system.start_hub()
        caller = system.new_caller()
        for cliente_id in cliente_ids:
            system.add_tenant(cliente_id)
            caller.post(f"/api/whatsapp/{cliente_id}/connect")
        _start_all(system, cliente_ids, _UNLIMITED)  # links them
        start_s = {}
        for limit in (system.settings.session_start_limit, _UNLIMITED):
            system.processes.stop("host")
            start_s[limit] = _start_all(system, cliente_ids, limit)
        time.sleep(idle_s / 2)
        return _measure(system, cliente_ids, sessions * each, idle_s, start_s)


def _start_all(system: RunningSystem, cliente_ids: Sequence[int], limit: int) -> float:
    """Starts the host. Returns the seconds until all are READY. limit: how many sessions may start at once."""
    views = system.snapshots.read_many
    until(lambda: not any(view.owned for view in views(cliente_ids)), _READY_S, "the earlier workers' end")
    started = time.perf_counter()
    arguments = ("-m", "leadmaster", "host")
    system.processes.start("host", *arguments, WHATSAPP_WEB_URL=_ENGINE, SESSION_START_LIMIT=str(limit))
    until(lambda: all(view.can_send for view in views(cliente_ids)), _READY_S, f"{len(cliente_ids)} sessions READY")
    return time.perf_counter() - started


def _measure(
    system: RunningSystem, cliente_ids: Sequence[int], messages: int, idle_s: float, start_s: dict[int, float]
) -> _Run:
    tree = descendants(system.processes.process("host").pid)
    workers = [process.pid for process in tree if find_worker(process.pid) is not None]
    host = [process.pid for process in tree if process.pid not in workers]
    with cpu_of([*workers, *host, *_redis(system)]) as cpu_used:
        time.sleep(idle_s)
        idle_share = cpu_used() / idle_s
    with cpu_of([*workers, *host, *_redis(system)]) as cpu_used:
        started = time.perf_counter()
        _send(system, cliente_ids, messages)
        until(lambda: _acknowledged(system, cliente_ids) >= messages, _READY_S, "the last message")
        took_s = time.perf_counter() - started
        gross_s = cpu_used()
    return _Run(
        start_s=start_s,
        worker_mib=mean(map(tree_pss_mib, workers)),
        host_mib=sum(tree_pss_mib(pid) for pid in host[:-1]),
        idle_share=idle_share,
        message_ms=(gross_s - idle_share * took_s) / messages * 1000,
        message_gross_ms=gross_s / messages * 1000,
    )


def _figures(pairs: list[tuple[_Run, _Run]], many: int, each: int) -> Figures:
    a, b = [run for run, _ in pairs], [run for _, run in pairs]
    net = median_ratio([(x.message_ms, y.message_ms) for x, y in pairs])
    gross = median_ratio([(x.message_gross_ms, y.message_gross_ms) for x, y in pairs])

    def row(label: str, read: Callable[[_Run], float], digits: int) -> tuple[str, ...]:
        return (label, *(f"{median(map(read, runs)):.{digits}f}" for runs in (a, b)))

    def start(limit: int) -> tuple[str, ...]:
        return row(f"start, at most {limit} starting at once: s", lambda one: one.start_s[limit], 1)

    rows = [
        *(start(limit) for limit in a[0].start_s),
        row("memory of a session's worker: MiB", lambda one: one.worker_mib, 1),
        row("memory of the host beside them: MiB", lambda one: one.host_mib, 1),
        row("idle, of a core", lambda one: one.idle_share, 3),
        row("CPU of a message: ms", lambda one: one.message_ms, 2),
        row("  idle use included: ms", lambda one: one.message_gross_ms, 2),
    ]
    verdict = f"a message costs {net:.2f} times as much with {many} sessions as with {_FEW} ({gross:.2f} with idle use)"
    notes = [
        f"{len(pairs)} runs each, in turns; medians. {each} messages of each session at {_PACE_PER_S:.0f} a second."
    ]
    return Figures("fifty: sessions without browsers on one host", ("", str(many), str(_FEW)), rows, verdict, notes)


def _send(system: RunningSystem, cliente_ids: Sequence[int], messages: int) -> None:
    """Sends through the hub at a steady pace, the tenants in turns, over a few connections."""
    own = threading.local()
    started = time.perf_counter()

    def post(number: int) -> None:
        due = started + number / (len(cliente_ids) * _PACE_PER_S)
        time.sleep(max(0.0, due - time.perf_counter()))
        if not hasattr(own, "caller"):
            own.caller = system.new_caller()
        cliente_id = cliente_ids[number % len(cliente_ids)]
        body: dict[str, object] = {"to": f"54911{23_450_000 + number % 1000}", "message": f"hola {number}"}
        own.caller.post(f"/api/whatsapp/{cliente_id}/messages", body)

    with ThreadPoolExecutor(_POSTERS) as pool:
        list(pool.map(post, range(messages)))


def _acknowledged(system: RunningSystem, cliente_ids: Sequence[int]) -> int:
    """Counts the messages that were acknowledged."""
    pipeline = system.redis.pipeline(transaction=False)
    for cliente_id in cliente_ids:
        pipeline.hget(system.keys.counts(cliente_id), "sent")
    return sum(int(count or 0) for count in cast(list[str | None], pipeline.execute()))


def _redis(system: RunningSystem) -> list[int]:
    return [process.pid for process in descendants(system.processes.process("redis").pid)]
