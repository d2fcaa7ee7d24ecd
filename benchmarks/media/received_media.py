"""What a document of 100 MB that comes in costs: peak memory of the worker, and how long it takes.

A session is linked and READY with the simulator's page. A contact sends documents, the first to a worker that has
fetched none yet; from the moment it is sent until Redis has its outcome, the worker process (Python), Playwright's
driver and the whole tree are looked at every few milliseconds. A peak is what was seen at most over what was seen just
before: PSS of each, and the kernel's own high-water mark of the worker's resident memory (`VmHWM`, reset before), which
no look can miss. The simulator's bytes come over loopback; the page keeps the whole file while it is read.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import psutil

from benchmarks.harness.figures import Figures
from benchmarks.harness.process_memory import begin_high_water, high_water_mib, pss_mib
from benchmarks.harness.running_system import RunningSystem, running_system
from session_worker.worker.process_title import find_worker
from shared.names import EventType
from simulator.client import SimulatorClient
from testing.processes import descendants
from testing.waiting import until

_MB = 1_000_000
_QUIET_S = 8.0
_OUTCOME_S = 240.0
_CLIENTE_ID = 51
_PHONE, _SENDER = "5491150000051", "5491123456789"
_GOAL_MIB = 32


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    size, rounds = (10 * _MB, 1) if quick else (100 * _MB, 3)
    rows = []
    with running_system(folder, media_min_free_mib=0) as system:
        simulator = system.start_simulator()
        system.start_hub()
        host = system.start_host()
        system.add_tenant(_CLIENTE_ID)
        system.new_caller().post(f"/api/whatsapp/{_CLIENTE_ID}/connect")
        system.pair(simulator, _CLIENTE_ID, _PHONE)
        [worker] = [one.pid for one in psutil.Process(host).children() if find_worker(one.pid) is not None]
        peaks = []
        for number in range(1, rounds + 1):
            time.sleep(1 if quick else _QUIET_S)
            seconds, before, most = _receive(system, simulator, size + number, worker)
            peaks.append(most["worker, VmHWM"] - before["worker, VmHWM"])
            rows += [
                (f"{number}: {name}", f"{before[name]:.0f}", f"{most[name]:.0f}", f"+{most[name] - before[name]:.0f}")
                for name in before
            ]
            rows.append((f"{number}: seconds, sent to stored", "", f"{seconds:.1f}", ""))
    verdict = f"worker at most +{max(peaks):.0f} MiB (goal: no more than +{_GOAL_MIB})"
    return Figures(
        f"received_media: a document of {size // _MB} MB, MiB",
        ("", "before", "peak", "grew by"),
        rows,
        verdict,
        [f"{rounds} documents one after the other, the first to a worker that had fetched none."],
    )


Sizes = dict[str, float]  # what → MiB


def _receive(system: RunningSystem, simulator: SimulatorClient, size: int, worker: int) -> tuple[float, Sizes, Sizes]:
    """Returns seconds, and the sizes just before and at most."""
    begin_high_water(worker)
    before, done = _sizes(worker), _outcomes(system)
    most, began = dict(before), time.monotonic()
    simulator.receive(_PHONE, _SENDER, "document", size=size)

    def is_there() -> bool:
        for name, now in _sizes(worker).items():
            most[name] = max(most[name], now)
        return _outcomes(system) > done

    until(is_there, _OUTCOME_S, "the outcome", every_s=0.02)
    seconds = time.monotonic() - began
    stored = max(file.stat().st_size for file in Path(system.settings.media_location).rglob("*") if file.is_file())
    assert stored >= size, f"{stored} of {size} bytes are stored"
    return seconds, before, most


def _outcomes(system: RunningSystem) -> int:
    entries = cast("list[tuple[str, dict[str, str]]]", system.redis.xrange(system.keys.events))
    return sum(entry["type"] == EventType.MESSAGE_MEDIA for _, entry in entries)


def _sizes(worker: int) -> Sizes:
    """PSS by part, and the worker's high-water mark."""
    found = {"worker, PSS": 0.0, "worker, VmHWM": high_water_mib(worker), "driver, PSS": 0.0, "tree, PSS": 0.0}
    for process in descendants(worker):
        pss = pss_mib(process.pid)
        found["tree, PSS"] += pss
        if process.pid == worker:
            found["worker, PSS"] = pss
        elif process.ppid() == worker:
            found["driver, PSS"] += pss
    return found
