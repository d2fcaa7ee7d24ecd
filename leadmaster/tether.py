"""Ties processes to one another with Linux's prctl: a part ends with its parent, orphans come to `up`."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PARENT_VARIABLE = "LEADMASTER_PARENT_PID"  # set for a part by the `up` that starts it

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def end_with_parent() -> None:
    """Asks the kernel for SIGTERM when the `up` that started this process dies, even of SIGKILL; it survives exec.

    Does nothing where this process was started by hand. Exits at once where the parent is gone already.
    """
    parent = os.environ.get(PARENT_VARIABLE, "")
    if not parent:
        return
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != int(parent):
        raise SystemExit(0)


def started_by_up() -> bool:
    """True in a part of `leadmaster up`."""
    return PARENT_VARIABLE in os.environ


def adopt_orphans() -> None:
    """Makes orphaned descendants come to this process, so that a clean stop can account for all of them."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
