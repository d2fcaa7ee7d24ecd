"""The titles processes carry in `ps`: how an operator, and the next host, tell them apart."""

from __future__ import annotations

import psutil

HOST_TITLE = "leadmaster host"
RECONCILER_TITLE = "leadmaster reconciler"


def worker_title(cliente_id: int) -> str:
    """The title of one session's worker."""
    return f"leadmaster session {cliente_id}"


def is_worker(pid: int, cliente_id: int) -> bool:
    """Whether the process still is that session's worker: a pid may have been given anew, a zombie has no title."""
    try:
        return " ".join(psutil.Process(pid).cmdline()).strip() == worker_title(cliente_id)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
