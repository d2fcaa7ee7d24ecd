"""The record of an `up`'s processes, by which the next one ends what a killed one left behind."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping

import psutil

from leadmaster.installation.data_dir import DataDir

_FILE = "processes.json"  # name -> [pid, when it began, in seconds since the epoch as psutil gives it]
_SAME_START_S = 0.5  # how far two readings of one process's start may differ
_KILLED_WAIT_S = 5.0


def record(data: DataDir, pids: Mapping[str, int]) -> None:
    """Writes down which processes, by name, belong to this `up`."""
    partial = data.run / f"{_FILE}.partial"
    partial.write_text(json.dumps({name: [pid, psutil.Process(pid).create_time()] for name, pid in pids.items()}))
    partial.replace(data.run / _FILE)


def recorded(data: DataDir) -> dict[str, psutil.Process]:
    """The recorded processes that still run. Another one with the same number began at another time."""
    found = {}
    with contextlib.suppress(FileNotFoundError, ValueError):  # a half-written record counts as none
        for name, (pid, began) in json.loads((data.run / _FILE).read_text()).items():
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                same = abs(process.create_time() - began) < _SAME_START_S
                # One that only waits to be reaped holds nothing any more.
                if same and process.status() != psutil.STATUS_ZOMBIE:
                    found[name] = process
    return found


def clear(data: DataDir) -> None:
    """Removes the record, with whatever else lived as long as the processes: every one has ended."""
    for path in data.run.iterdir():
        path.unlink(missing_ok=True)


def end_leftovers(data: DataDir, grace_s: float) -> list[str]:
    """Ends what is left of a killed `up`: SIGTERM, then SIGKILL after `grace_s`. Returns the names of those found."""
    found = recorded(data)
    for process in found.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(found.values(), timeout=grace_s)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=_KILLED_WAIT_S)
    clear(data)
    return list(found)
