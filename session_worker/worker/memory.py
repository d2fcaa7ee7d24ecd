"""Memory of a session's whole process tree, as PSS: shared pages count by share, so that sessions can be added up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import psutil

from shared.logs import get_logger

_log = get_logger(__name__)

MEASURE_S = 30.0
RECYCLE_PAUSE_S = 600.0  # a page that is over the limit from its start must not be recycled in a loop


def tree_pss_mib(root_pid: int) -> int:
    """PSS in MiB of a process and all its descendants; those that end meanwhile count for nothing."""
    try:
        root = psutil.Process(root_pid)
        pids = [root_pid, *(child.pid for child in root.children(recursive=True))]
    except psutil.NoSuchProcess:
        return 0
    return sum(_pss_kib(pid) for pid in pids) // 1024


def _pss_kib(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return 0
    for line in rollup.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


class MemoryWatch:
    """Measures every half minute on a thread of its own.

    recycle(): called where it is over the limit, at most every ten minutes.
    """

    def __init__(self, root_pid: int, limit_mib: int, recycle: Callable[[], None]) -> None:
        """limit_mib: 0 for no limit."""
        self._root_pid = root_pid
        self._limit_mib = limit_mib
        self._recycle = recycle
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        wait_s, quiet_s = MEASURE_S / 3, RECYCLE_PAUSE_S
        while not self._stop.wait(wait_s):
            pss_mib = tree_pss_mib(self._root_pid)
            quiet_s += wait_s
            if 0 < self._limit_mib < pss_mib and quiet_s >= RECYCLE_PAUSE_S:
                _log.warning("memory.over_limit", pss_mib=pss_mib, limit_mib=self._limit_mib)
                quiet_s = 0.0
                self._recycle()
            wait_s = MEASURE_S
