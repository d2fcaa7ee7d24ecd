"""What a session costs in memory: PSS of its whole process tree, by part, and of each further session on a host.

PSS counts a page shared by n processes as 1/n in each, so the figures of several sessions add up. Sessions are started
one after the other under one host, paired, READY, and read once they are quiet. The total is that of the host's whole
tree, forking parent and reconciler included; a further session's cost is how much that total grew. Hub and Redis are
not in it. The page's heap is the simulator's to choose: once as it is, once with ballast (`heap_mb`), which brings it
nearer to the real page's; the heap in use is read from a bare browser on the same page.
"""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from statistics import mean

import psutil

from benchmarks.harness.figures import Figures
from benchmarks.harness.running_system import RunningSystem, running_system
from session_worker.worker.process_title import find_worker
from testing.processes import descendants

_MIB = 1024**2
_QUIET_S = 8.0
_LAUNCH_S = 60.0
_FIRST_CLIENTE_ID = 51
_PARTS = ("worker (Python)", "driver (Node)", "browser", "renderer", "GPU, utility", "zygote", "other")

Sizes = dict[str, float]  # part → MiB of PSS


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    sessions, ballasts = (2, (0,)) if quick else (4, (0, 60))
    columns: list[tuple[str, ...]] = []
    names: list[str] = []
    costs: list[str] = []
    for heap_mb in ballasts:
        at = folder / f"heap{heap_mb}"
        heap, totals, parts = _one_run(at, sessions, heap_mb, 2.0 if quick else _QUIET_S)
        grown = [later - earlier for earlier, later in pairwise(totals)]
        names.append(f"page heap {heap:.0f} MB")
        columns.append(
            (
                *(f"{parts[part]:.0f}" for part in _PARTS),
                f"{totals[0]:.0f}",
                *(f"{one:.0f}" for one in grown),
                f"{mean(grown[1:]):.0f}",
            )
        )
        costs.append(f"{mean(grown[1:]):.0f} MiB with a page heap of {heap:.0f} MB")
    labels = [
        *(f"of one session among {sessions}: {part}" for part in _PARTS),
        "host without a session",
        *(f"session {number} adds" for number in range(1, sessions + 1)),
        "mean of the further ones",
    ]
    rows = [(label, *(column[index] for column in columns)) for index, label in enumerate(labels)]
    verdict = f"each further session: {'; '.join(costs)} (goal: no more than peers, see peers/)"
    return Figures("memory: PSS in MiB", ("", *names), rows, verdict, [f"{sessions} paired READY sessions, one host."])


def _one_run(folder: Path, sessions: int, heap_mb: int, quiet_s: float) -> tuple[float, list[float], Sizes]:
    """Returns the page's heap in MB, the host's total with 0, 1, 2 … sessions, and a session's mean parts with all."""
    with running_system(folder, session_host_capacity=sessions) as system:
        simulator = system.start_simulator(heap_mb=heap_mb)
        heap = page_heap_mb(system)
        system.start_hub()
        host = system.start_host()
        caller = system.new_caller()
        time.sleep(quiet_s / 2)
        totals = [sum(map(_pss, descendants(host)))]
        for cliente_id in range(_FIRST_CLIENTE_ID, _FIRST_CLIENTE_ID + sessions):
            system.add_tenant(cliente_id)
            caller.post(f"/api/whatsapp/{cliente_id}/connect")
            system.pair(simulator, cliente_id, f"54911500000{cliente_id}")
            time.sleep(quiet_s)
            totals.append(sum(map(_pss, descendants(host))))
        parts = _mean_parts(host)
    return heap, totals, parts


def page_heap_mb(system: RunningSystem) -> float:
    """Returns the page's heap in use, read from a bare browser beside the sessions' own, which is closed again."""
    module = "benchmarks.sessions.bare_browser"
    bare = system.start_lines("bare", module, system.simulator_url, answer_s=_LAUNCH_S)
    heap = float(bare.ask(str(system.folder / "bare"))["heap_mb"])
    system.processes.stop("bare")
    return heap


def _mean_parts(host: int) -> Sizes:
    """Returns, by part, the mean over the host's workers."""
    sums: defaultdict[str, float] = defaultdict(float)
    workers = [one for one in psutil.Process(host).children() if find_worker(one.pid) is not None]
    for worker in workers:
        for process in descendants(worker.pid):
            sums[_part(process, worker.pid)] += _pss(process)
    return defaultdict(float, {part: size / len(workers) for part, size in sums.items()})


def _part(process: psutil.Process, worker: int) -> str:
    """Returns the name of the part of a session that a process is."""
    try:
        arguments = process.cmdline()
    except psutil.NoSuchProcess:
        return "other"
    # Chromium's children write their command line as one argument.
    kind = next((word[7:] for word in " ".join(arguments).split() if word.startswith("--type=")), "")
    if process.pid == worker:
        return "worker (Python)"
    if "node" in Path(arguments[0]).name:
        return "driver (Node)"
    if any("--user-data-dir=" in one for one in arguments) and not kind:
        return "browser"
    known = {"renderer": "renderer", "zygote": "zygote", "gpu-process": "GPU, utility", "utility": "GPU, utility"}
    return known.get(kind, "other")


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / _MIB
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0
