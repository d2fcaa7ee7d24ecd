"""A service ends when the `up` that started it dies, however it dies."""

from __future__ import annotations

import os
import signal

from shared.process.prctl import die_with_parent

PARENT_VARIABLE = "LEADMASTER_PARENT_PID"  # set for a service by the `up` that starts it


def end_with_parent() -> None:
    """Asks the kernel for SIGTERM when the `up` that started this process dies, even of SIGKILL; it survives exec.

    Does nothing where this process was started by hand. Exits at once where the parent is gone already.
    """
    parent = os.environ.get(PARENT_VARIABLE, "")
    if not parent:
        return
    die_with_parent(signal.SIGTERM)
    if os.getppid() != int(parent):
        raise SystemExit(0)


def started_by_up() -> bool:
    """True in a service of `leadmaster up`."""
    return PARENT_VARIABLE in os.environ
