"""When a delivery that failed is tried again. Pure."""

from __future__ import annotations

import random

_S, _MIN, _H = 1_000, 60_000, 3_600_000
# How long after the attempt before it each attempt is made; the first one at once.
DELAYS_MS = (0, 5 * _S, 5 * _MIN, 30 * _MIN, 2 * _H, 5 * _H, 10 * _H, 10 * _H)
MAX_ATTEMPTS = len(DELAYS_MS)
_JITTER = 0.2  # up to so much of a delay is added, so that what failed together does not come back together


def delay_ms(attempts: int, rng: random.Random) -> int | None:
    """How long to wait after so many attempts, all failed; None: there is no further one."""
    if attempts >= MAX_ATTEMPTS:
        return None
    delay = DELAYS_MS[attempts]
    return delay + round(delay * _JITTER * rng.random())
