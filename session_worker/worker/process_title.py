"""Worker processes as anyone on this machine can see them: by the title they carry in `ps`."""

from __future__ import annotations

import re
from dataclasses import dataclass

import psutil

_HOST = "leadmaster host "
_WORKER = re.compile(r"^leadmaster session (\d+) store (\S+)$")


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    pid: int
    cliente_id: int
    store_id: str
    orphan: bool  # the host that forked it is gone


def host_title(store_id: str) -> str:
    """The title of a host's forking parent."""
    return f"{_HOST}store {store_id}"


def reconciler_title(store_id: str) -> str:
    """The title of the process beside it."""
    return f"leadmaster reconciler store {store_id}"


def worker_title(cliente_id: int, store_id: str) -> str:
    """The title of one session's worker."""
    return f"leadmaster session {cliente_id} store {store_id}"


def find_worker(pid: int) -> WorkerProcess | None:
    """The worker with this process id, or None: a pid may be given anew, and a zombie has no title."""
    try:
        process = psutil.Process(pid)
        found = _WORKER.match(_title(process))
        if found is None:
            return None
        parent = process.parent()
        orphan = parent is None or not _title(parent).startswith(_HOST)
        return WorkerProcess(pid, int(found[1]), found[2], orphan)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def orphans(store_id: str) -> list[WorkerProcess]:
    """Workers of a store that outlived their host."""
    return [worker for worker in workers(store_id) if worker.orphan]


def workers(store_id: str) -> list[WorkerProcess]:
    """Every living worker of a store."""
    found = (find_worker(pid) for pid in psutil.pids())
    return [worker for worker in found if worker is not None and worker.store_id == store_id]


def _title(process: psutil.Process) -> str:
    return " ".join(process.cmdline()).strip()
