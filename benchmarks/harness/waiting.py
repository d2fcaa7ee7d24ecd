"""Waiting for a condition."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T | None], seconds: float, what: str, *, every_s: float = 0.05) -> T:
    """Looks again and again, and returns the first answer that is true.

    seconds: how long at most. what: what is awaited, for the message.
    Raises AssertionError if it never came.
    """
    deadline = time.monotonic() + seconds
    while not (answer := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}; seen last: {answer!r}")
        time.sleep(every_s)
    return answer
