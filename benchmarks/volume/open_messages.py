"""1,000 tenants with 500 open messages each: Redis' memory, what a sweep costs, and p99 of accept beside it.

The messages are accepted five minutes ago and recorded in SQLite, so that the sweep looks at each of them both as a
record and in its index. One sweep is `Sweep.run` as the background worker calls it each 30 s; a round is as many of
them as it takes to have looked at everything. Redis' time is the CPU of its thread of commands; its longest step is
the slowest command in its slow log. Accepting is the full path as in `accept`, without sweeps (A) and while this
process sweeps without a pause, which is many times what happens (B), in turns A B A B …. No browser, no worker.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.harness.figures import Figures, median_ratio, percentile
from benchmarks.harness.line_process import LineProcess
from benchmarks.harness.ready_sessions import make_ready
from benchmarks.harness.running_system import RunningSystem, running_system
from benchmarks.messages.accept import CONNECTIONS, request_plan
from benchmarks.volume.filling import Filling, redis_cpu_s, used_memory
from hub_api.repair.sweep import MAX_ENTRIES, MAX_RECORDS, MAX_TENANTS, Sweep
from hub_api.services import make_services
from shared.instant import now_ms

_ACCEPTING = 4  # tenants whose sessions are READY


@dataclass(frozen=True, slots=True)
class _Swept:
    """What sweeps cost."""

    wall_s: float
    cpu_s: float  # of this process
    redis_s: float


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    tenants, each, rounds, seconds = (50, 50, 2, 1.0) if quick else (1_000, 500, 3, 3.0)
    cliente_ids = list(range(1, tenants + 1))
    with running_system(folder, accept_rate_per_minute=0, queue_limit=10_000_000, tenant_memory_percent=0) as system:
        for cliente_id in cliente_ids:
            system.add_tenant(cliente_id)
        services = make_services(system.settings)
        empty = used_memory(system.redis)
        Filling(system, services).accept(cliente_ids, each)
        taken = used_memory(system.redis) - empty
        sweep = Sweep(services)
        _swept(system, sweep, 1)  # loads the scripts
        one = [_swept(system, sweep, 1) for _ in range(5)]
        runs = max(
            math.ceil(tenants * each / MAX_RECORDS),
            math.ceil(tenants * each / MAX_ENTRIES),
            math.ceil(tenants / MAX_TENANTS),
        )
        longest_ms = _longest_step_ms(system, sweep)
        whole = _swept(system, sweep, runs)
        make_ready(system.redis, system.keys, cliente_ids[:_ACCEPTING])
        system.start_hub()
        generator = system.start_lines("generator", "benchmarks.messages.load_generator", answer_s=90.0)
        _p99_ms(system, generator, cliente_ids[0], 1.0)  # warms threads, caches and connections
        pairs: list[tuple[float, float]] = []
        for number in range(rounds):
            cliente_id = cliente_ids[number % _ACCEPTING]
            alone = _p99_ms(system, generator, cliente_id, seconds)
            with _sweeping(sweep):
                pairs.append((_p99_ms(system, generator, cliente_id, seconds), alone))
        services.close()
    ratio = median_ratio(pairs)
    rows = [
        ("memory of Redis", f"{taken / 2**20:,.0f} MiB", f"{taken / tenants / each:,.0f} B a message"),
        *_rows("one sweep", one),
        *_rows(f"a round of {runs} sweeps", [whole]),
        ("longest step of Redis in a sweep", f"{longest_ms:.2f} ms", ""),
        ("p99 of accept, no sweeps", f"{median(alone for _, alone in pairs):.1f} ms", ""),
        ("p99 of accept, sweeps without a pause", f"{median(beside for beside, _ in pairs):.1f} ms", ""),
    ]
    return Figures(
        f"open_messages: {tenants:,} tenants with {each:,} open messages each",
        ("", "median", "slowest, or each"),
        rows,
        f"a sweep takes {median(one.redis_s for one in one) * 1000:.1f} ms of Redis (goal: ≤ 50); "
        f"p99 of accept beside sweeps {ratio:.2f} times (no goal)",
        [
            f"accept: {rounds} rounds of {seconds:.0f} s each way, {CONNECTIONS} connections; a round of sweeps takes "
            f"{runs * 30 / 60:.0f} min at one each 30 s."
        ],
    )


def _swept(system: RunningSystem, sweep: Sweep, runs: int) -> _Swept:
    redis_s, cpu_s, began = redis_cpu_s(system.redis), time.process_time(), time.perf_counter()
    for _ in range(runs):
        if any(sweep.run(now_ms()).values()):
            raise RuntimeError("there was something to mend")
    return _Swept(time.perf_counter() - began, time.process_time() - cpu_s, redis_cpu_s(system.redis) - redis_s)


def _longest_step_ms(system: RunningSystem, sweep: Sweep) -> float:
    system.redis.config_set("slowlog-max-len", 10_000)
    system.redis.config_set("slowlog-log-slower-than", 0)
    system.redis.slowlog_reset()
    _swept(system, sweep, 1)
    system.redis.config_set("slowlog-log-slower-than", -1)
    return max(float(entry["duration"]) for entry in system.redis.slowlog_get(10_000)) / 1_000


@contextmanager
def _sweeping(sweep: Sweep) -> Iterator[None]:
    """Sweeps in a thread, without a pause."""
    ended = threading.Event()

    def sweep_on() -> None:
        while not ended.is_set():
            sweep.run(now_ms())

    thread = threading.Thread(target=sweep_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _p99_ms(system: RunningSystem, generator: LineProcess, cliente_id: int, seconds: float) -> float:
    heard = generator.ask(json.dumps(request_plan(system, cliente_id, seconds)))
    if heard["refused"]:
        raise RuntimeError(f"{heard['refused']} requests were refused")
    latencies: list[float] = heard["latencies_ms"]
    return percentile(latencies, 0.99)


def _rows(name: str, swept: list[_Swept]) -> list[tuple[str, str, str]]:
    parts = {
        "Redis": [one.redis_s for one in swept],
        "CPU of the process": [one.cpu_s for one in swept],
        "wall": [one.wall_s for one in swept],
    }
    return [
        (f"{name}: {part}", f"{median(took) * 1000:,.1f} ms", f"{max(took) * 1000:,.1f} ms")
        for part, took in parts.items()
    ]
