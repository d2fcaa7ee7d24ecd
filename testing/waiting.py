"""Waiting for a condition: the one way, whoever waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T | None], seconds: float = 10.0, what: str = "", *, every_s: float = 0.05) -> T:
    """Looks again and again, and returns the first answer that is true (neither None nor False, 0 or empty).

    seconds: how long at most; one last look is taken after that. what: what is awaited, for the message.
    Raises AssertionError, with what was awaited and what was seen last, if it never came.
    """
    deadline = monotonic() + seconds
    while True:
        over = monotonic() >= deadline
        if found := look():
            return found
        if over:
            raise AssertionError(f"waited {seconds:g} s in vain for {what or 'a condition'}; seen last: {found!r}")
        threading.Event().wait(every_s)
