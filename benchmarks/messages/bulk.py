"""One bulk call with 1,000 entries against 1,000 single calls, over one keep-alive connection each.

Both are accepted by the full path: credentials, validation, the number's parsing, one Lua script for each message
(append-only file synced always), answer 202. Sessions are READY by a snapshot under a live lease, without a browser or
a worker. The same recipients and texts both ways, in turns. The caller builds its JSON and reads the answers within the
time.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from benchmarks.harness.caller import Caller
from benchmarks.harness.figures import Figures, median_ratio, percentile
from benchmarks.messages.accept import TENANTS, accepting_system


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    entries, rounds = (100, 2) if quick else (1_000, 7)
    bodies: list[dict[str, object]] = [
        {"to": f"54911{23_450_000 + number}", "message": f"Hola, su turno es el {number} a las 10:30."}
        for number in range(entries)
    ]
    with accepting_system(folder) as system:
        caller = system.new_caller()
        _singly(caller, bodies[:100]), _in_bulk(caller, bodies[:100])  # warms threads, caches and connections
        measured = [(_singly(caller, bodies), _in_bulk(caller, bodies)) for _ in range(rounds)]
    ratio = median_ratio(measured)
    rows = [
        _row(f"{entries:,} single calls", [one for one, _ in measured], entries),
        _row(f"one bulk call with {entries:,} entries", [one for _, one in measured], entries),
    ]
    return Figures(
        "bulk: one call against as many single ones",
        ("", "seconds", "fastest", "slowest", "ms a message", "messages/s"),
        rows,
        f"the single calls take {ratio:.2f} times as long (no goal)",
        [f"{rounds} rounds each way, one connection; no worker and no drain run."],
    )


def _singly(caller: Caller, bodies: list[dict[str, object]]) -> float:
    started = time.perf_counter()
    for body in bodies:
        caller.post(f"/api/whatsapp/{TENANTS[0]}/messages", body)
    return time.perf_counter() - started


def _in_bulk(caller: Caller, bodies: list[dict[str, object]]) -> float:
    started = time.perf_counter()
    answer = caller.post(f"/api/whatsapp/{TENANTS[1]}/messages/bulk", {"messages": bodies})
    took = time.perf_counter() - started
    if answer["accepted"] != len(bodies):
        raise RuntimeError(f"{answer['refused']} entries were refused")
    return took


def _row(name: str, seconds: list[float], entries: int) -> tuple[str, ...]:
    middle = median(seconds)
    extremes = (f"{percentile(seconds, share):.2f}" for share in (0, 1))
    return (name, f"{middle:.2f}", *extremes, f"{middle / entries * 1000:.2f}", f"{entries / middle:,.0f}")
