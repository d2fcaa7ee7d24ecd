"""Linux process controls the standard library lacks: the child subreaper, and a signal at the parent's death."""

from __future__ import annotations

import ctypes
import os

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Orphans of this process's children come to it instead of to init, and are reaped by it. Raises OSError."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(signal_number: int) -> None:
    """This process gets `signal_number` when the thread that forked it ends; survives exec. Raises OSError."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)


def _prctl(option: int, argument: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, argument, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
