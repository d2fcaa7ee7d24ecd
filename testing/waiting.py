"""Waiting for a condition: the one way, whoever waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


_FIRST_S, _MAX_S = 0.05, 0.25  # between two looks: what has not come for seconds need not be asked for so often
_SLOWER = 20


def until(look: Callable[[], T | None], seconds: float = 10.0, what: str = "", *, every_s: float | None = None) -> T:
    """Looks again and again, and returns the first answer that is true (neither None nor False, 0 or empty).

    seconds: how long at most; one last look is taken after that. what: what is awaited, for the message.
    every_s: between two looks; without it less and less often, which leaves the processor to those that are awaited.
    Raises AssertionError, with what was awaited and what was seen last, if it never came.
    """
    began = monotonic()
    deadline = began + seconds
    while True:
        over = monotonic() >= deadline
        if found := look():
            return found
        if over:
            raise AssertionError(f"waited {seconds:g} s in vain for {what or 'a condition'}; seen last: {found!r}")
        slower = min(_MAX_S, _FIRST_S + (monotonic() - began) / _SLOWER)
        threading.Event().wait(slower if every_s is None else every_s)
