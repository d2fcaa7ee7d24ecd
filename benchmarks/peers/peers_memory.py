"""What each further session costs in memory, beside WPPConnect and whatsapp-web.js on the same page and Chromium.

Five subjects in turns, round after round: LeadMaster under one host; each library in one Node process per session, so
that a crash ends one session only, as with us; and each with all its sessions in one Node process. Sessions are opened
one after the other, logged in by a scan, and read once they are quiet. A figure is the PSS of the whole process tree:
workers or Node, driver, browser; not the simulator, not our hub or Redis. A further session costs what the total grew
by, so the first one, which carries the program files that all share, is not in it. Beside it stands the anonymous part
alone, which other Chromiums on the machine can't make smaller by sharing program files with ours. The page carries no
ballast: it would add the same to each, and the whims of V8's collector with it.

The libraries are npm's, their files untouched (`peers/`), with their own default switches; what their scripts there set
is the browser's path, the profile's folder and the address. That has no option in either: the library's own constant is
set before it is read, which costs nothing, unlike a request interception. Each is ready by its own word: WPPConnect
when `create` resolves, whatsapp-web.js with its event `ready`.
"""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from statistics import mean, median

from benchmarks.harness.figures import Figures
from benchmarks.harness.running_system import running_system
from benchmarks.peers.subjects import (
    Ours,
    Subject,
    WhatsappWeb,
    WhatsappWebShared,
    WPPConnect,
    WPPConnectShared,
    install_peers,
    node_version,
)
from benchmarks.peers.tree_size import Size, size_of
from benchmarks.sessions.memory import page_heap_mb

_SUBJECTS: dict[str, type[Subject]] = {
    "LeadMaster": Ours,
    "WPPConnect, a process each": WPPConnect,
    "whatsapp-web.js, a process each": WhatsappWeb,
    "WPPConnect, one process": WPPConnectShared,
    "whatsapp-web.js, one process": WhatsappWebShared,
}


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    install_peers()
    rounds, sessions, quiet_s = (1, 2, 2.0) if quick else (3, 4, 8.0)
    grown: defaultdict[str, list[list[Size]]] = defaultdict(list)
    heap = 0.0
    for number in range(rounds):
        for name, subject in _SUBJECTS.items():
            heap, sizes = _one_run(subject, folder / f"{number}-{subject.__name__}", sessions, quiet_s)
            grown[name].append([later - earlier for earlier, later in pairwise(sizes)])
    return _figures(grown, heap, sessions)


def _one_run(subject: type[Subject], folder: Path, sessions: int, quiet_s: float) -> tuple[float, list[Size]]:
    """Returns the page's heap in MB, and the sizes with 0, 1, 2 … sessions."""
    with running_system(folder, session_host_capacity=sessions) as system:
        one = subject(system, system.start_simulator())
        heap = page_heap_mb(system)
        time.sleep(quiet_s / 2)
        sizes = [size_of(one.roots())]
        for number in range(sessions):
            one.open_session(number)
            time.sleep(quiet_s)
            sizes.append(size_of(one.roots()))
    return heap, sizes


def _figures(grown: dict[str, list[list[Size]]], heap: float, sessions: int) -> Figures:
    rows: list[tuple[str, ...]] = []
    further: dict[str, Size] = {}
    for name, runs in grown.items():
        totals = [[one.total for one in run] for run in runs]
        means = [mean(run[1:]) for run in totals]
        further[name] = Size(median(means), median(mean(one.anonymous for one in run[1:]) for run in runs))
        each = (f"{median(run[number] for run in totals):.0f}" for number in range(sessions))
        rows.append(
            (
                name,
                *each,
                f"{further[name].total:.0f}",
                f"{min(means):.0f} to {max(means):.0f}",
                f"{further[name].anonymous:.0f}",
            )
        )
    ours = further["LeadMaster"]
    ratios = [
        f"{ours.total / size.total:.2f} ({ours.anonymous / size.anonymous:.2f} anonymous) of {name}"
        for name, size in further.items()
        if name != "LeadMaster"
    ]
    verdict = f"each further session: {', '.join(ratios)} (goal: <= 1 against a process each)"
    columns = ("", *(f"{number} adds" for number in range(1, sessions + 1)), "further, mean", "over runs", "anonymous")
    count = len(next(iter(grown.values())))
    notes = [f"{count} runs each, in turns; medians. Page heap {heap:.0f} MB. Node {node_version()} for the libraries."]
    return Figures("peers_memory: PSS in MiB of a session's process tree", columns, rows, verdict, notes)
