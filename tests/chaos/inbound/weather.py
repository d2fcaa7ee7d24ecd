"""When a receiver is in trouble, and how: drawn from the seed. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

STATUSES = (400, 404, 429, 500, 503)
REDIRECT, HANG, RESET, DOWN, SLOW = "redirects", "hangs", "resets", "is down", "is slow"
HOWS = (*map(str, STATUSES), REDIRECT, HANG, RESET, DOWN, SLOW)
FINE = ""
_APART_S = (3.0, 12.0)
_LASTS_S = (1.0, 5.0)


@dataclass(frozen=True, slots=True)
class Trouble:
    """at_s: seconds from the first post. how: one of HOWS."""

    at_s: float
    seconds: float
    how: str


def forecast(rng: random.Random, seconds: float) -> list[Trouble]:
    """Troubles over so many seconds from the first post on, which meets one; each kind as often as any other."""
    made: list[Trouble] = []
    bag: list[str] = []
    at_s = 0.0
    while at_s < seconds:
        if not bag:
            bag = rng.sample(HOWS, len(HOWS))
        made.append(Trouble(round(at_s, 1), round(rng.uniform(*_LASTS_S), 1), bag.pop()))
        at_s += made[-1].seconds + rng.uniform(*_APART_S)
    return made


def at(troubles: Sequence[Trouble], now_s: float) -> str:
    """How a receiver is, so many seconds from the first post."""
    return next((one.how for one in troubles if one.at_s <= now_s < one.at_s + one.seconds), FINE)
