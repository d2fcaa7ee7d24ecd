"""What goes wrong and when: a schedule drawn from a seed. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """One way of going wrong. The value is how it is printed."""

    KILL_WORKER = "kill -9 worker"
    KILL_BROWSER = "kill -9 browser"
    KILL_RENDERER = "kill -9 renderer"
    KILL_DRIVER = "kill -9 browser driver"
    KILL_HOST = "kill -9 host"
    KILL_HUB = "kill -9 hub"
    KILL_BACKGROUND = "kill -9 background"
    KILL_BEAT = "kill -9 beat"
    STOP_WORKER = "stop worker past its lease"
    RESTART_REDIS = "kill -9 redis"
    DROP_ACKS = "drop acks"
    OFFLINE = "page offline"
    HANG = "page hangs"
    WIPE = "wipe local store"
    REFUSE = "refuse sends"
    LATENCY = "latency"
    RELOAD = "page reloads"


WHOLE = frozenset({Kind.KILL_HOST, Kind.KILL_HUB, Kind.KILL_BACKGROUND, Kind.KILL_BEAT, Kind.RESTART_REDIS})
"""Kinds that meet all tenants at once."""

ENDS_PAGE = frozenset({Kind.KILL_BROWSER, Kind.KILL_RENDERER, Kind.KILL_DRIVER, Kind.HANG})
"""Kinds after which the session counts one recovery: a fourth in a row is an ERROR, tried again minutes later."""

MAX_ENDS, ENDS_WINDOW_S = 3, 75.0
# Three refusals among ten sends mean to us that WhatsApp restricts the number: bulk waits an hour.
REFUSALS_APART_S = 45.0

# Seconds a fault lasts, or how often it acts: the least and the most.
SECONDS: dict[Kind, tuple[float, float]] = {
    Kind.KILL_HOST: (0.0, 4.0),  # until the supervisor starts it again
    Kind.KILL_HUB: (0.0, 3.0),
    Kind.KILL_BACKGROUND: (0.0, 5.0),
    Kind.KILL_BEAT: (0.0, 5.0),
    Kind.RESTART_REDIS: (0.0, 3.0),
    Kind.OFFLINE: (1.0, 8.0),
    Kind.HANG: (2.0, 20.0),
    Kind.LATENCY: (3.0, 8.0),
}
COUNTS: dict[Kind, tuple[int, int]] = {Kind.DROP_ACKS: (1, 6), Kind.REFUSE: (1, 1)}
LATENCY_MS = 400
REFUSALS = ("unknown", "463", "throw", "network")  # by the simulator; the last is no refusal, only no answer
STOPPED_BEYOND_LEASE_S = 2.0


@dataclass(frozen=True, slots=True)
class Fault:
    """at_s: seconds from the start. seconds, count: 0 where they mean nothing."""

    at_s: float
    kind: Kind
    cliente_id: int | None  # None: meets all tenants
    seconds: float = 0.0
    count: int = 0
    how: str = ""  # of REFUSALS

    @property
    def ends_s(self) -> float:
        """When it is over, seconds from the start."""
        return self.at_s + self.seconds

    def line(self) -> str:
        """As the schedule is printed."""
        whom = "all" if self.cliente_id is None else str(self.cliente_id)
        detail = f" for {self.seconds:.1f} s" if self.seconds else f" {self.count} times" if self.count else ""
        how = f" ({self.how})" if self.how else ""
        return f"{self.at_s:7.1f} s  {whom:>4}  {self.kind.value}{how}{detail}"


def schedule(
    rng: random.Random,
    cliente_ids: Sequence[int],
    *,
    seconds: float,
    every_s: float,
    lease_s: float,
    kinds: Sequence[Kind] = tuple(Kind),
) -> list[Fault]:
    """Faults over `seconds`, one in each `every_s` on average, each kind as often as any other, in shuffled order."""
    made: list[Fault] = []
    bag: list[Kind] = []
    for slot in range(int(seconds / every_s)):
        at_s = (slot + rng.random()) * every_s
        if not bag:
            bag = rng.sample(list(kinds), len(kinds))
        kind = bag.pop()
        cliente_id = None if kind in WHOLE else rng.choice(list(cliente_ids))
        if kind in ENDS_PAGE and cliente_id is not None and _ends_before(made, cliente_id, at_s) >= MAX_ENDS:
            kind = Kind.DROP_ACKS
        if kind is Kind.REFUSE and any(
            fault.kind is kind and fault.cliente_id == cliente_id and at_s - fault.at_s < REFUSALS_APART_S
            for fault in made
        ):
            kind = Kind.DROP_ACKS
        made.append(_fault(rng, at_s, kind, cliente_id, lease_s))
    return made


def _fault(rng: random.Random, at_s: float, kind: Kind, cliente_id: int | None, lease_s: float) -> Fault:
    seconds = round(rng.uniform(*SECONDS[kind]), 1) if kind in SECONDS else 0.0
    if kind is Kind.STOP_WORKER:
        seconds = lease_s + STOPPED_BEYOND_LEASE_S
    count = rng.randint(*COUNTS[kind]) if kind in COUNTS else 0
    how = rng.choice(REFUSALS) if kind is Kind.REFUSE else ""
    return Fault(round(at_s, 1), kind, cliente_id, seconds, count, how)


def _ends_before(made: Sequence[Fault], cliente_id: int, at_s: float) -> int:
    return sum(
        fault.kind in ENDS_PAGE and fault.cliente_id == cliente_id and at_s - fault.at_s < ENDS_WINDOW_S
        for fault in made
    )
