"""What goes wrong and when: a schedule drawn from a seed. Pure: which kinds there are stands in `kinds.py`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.chaos.supervised import Supervised

# A session that loses its page more often counts it as a failure to start: an ERROR, tried again minutes later.
MAX_ENDS, ENDS_WINDOW_S = 3, 75.0
STOPPED_BEYOND_LEASE_S = 2.0
ALONE_S = 8.0  # between two faults that each take one of the two places where a message is in its first seconds


@dataclass(frozen=True, slots=True)
class Kind:
    """One way of going wrong.

    meet: does it, on a thread of its own, and returns when it is over; False where it met nobody.
    """

    name: str  # how it is printed
    meet: Callable[[Supervised, Fault], bool]
    whole: bool = False  # meets all tenants at once
    seconds: tuple[float, float] | None = None  # how long it lasts: the least and the most
    past_lease: bool = False  # it lasts longer than a lease
    counts: tuple[int, int] | None = None  # how often it acts: the least and the most
    hows: tuple[str, ...] = ()  # variants
    ends_page: bool = False  # the session counts one recovery
    apart_s: float = 0.0  # least time between two of it that meet the same tenant, or all
    loses: str = ""  # of which store it takes what is nowhere else yet: two kinds of one group never come together
    loses_state: bool = False  # Redis forgets: what was open may be uncertain
    forgets_what_came: bool = False  # of what the page had and nobody had read yet nothing is left anywhere


@dataclass(frozen=True, slots=True)
class Fault:
    """at_s: seconds from the start. seconds, count: 0 where they mean nothing."""

    at_s: float
    kind: Kind
    cliente_id: int | None  # None: meets all tenants
    seconds: float = 0.0
    count: int = 0
    how: str = ""  # of the kind's variants

    @property
    def ends_s(self) -> float:
        """When it is over, seconds from the start."""
        return self.at_s + self.seconds

    def line(self) -> str:
        """As the schedule is printed."""
        whom = "all" if self.cliente_id is None else str(self.cliente_id)
        detail = f" for {self.seconds:.1f} s" if self.seconds else f" {self.count} times" if self.count else ""
        how = f" ({self.how})" if self.how else ""
        return f"{self.at_s:7.1f} s  {whom:>4}  {self.kind.name}{how}{detail}"


def schedule(
    rng: random.Random,
    cliente_ids: Sequence[int],
    kinds: Sequence[Kind],
    *,
    seconds: float,
    every_s: float,
    lease_s: float,
) -> list[Fault]:
    """Faults over `seconds`, one in each `every_s` on average, each kind as often as any other, in shuffled order.

    Where one would come too often, nothing goes wrong in its place.
    """
    made: list[Fault] = []
    bag: list[Kind] = []
    for slot in range(int(seconds / every_s)):
        at_s = round((slot + rng.random()) * every_s, 1)
        if not bag:
            bag = rng.sample(list(kinds), len(kinds))
        kind = bag.pop()
        cliente_id = None if kind.whole else rng.choice(list(cliente_ids))
        fault = _fault(rng, at_s, kind, cliente_id, lease_s)
        if not _too_often(made, fault):
            made.append(fault)
    return made


def _fault(rng: random.Random, at_s: float, kind: Kind, cliente_id: int | None, lease_s: float) -> Fault:
    seconds = round(rng.uniform(*kind.seconds), 1) if kind.seconds else 0.0
    if kind.past_lease:
        seconds = lease_s + STOPPED_BEYOND_LEASE_S
    count = rng.randint(*kind.counts) if kind.counts else 0
    how = rng.choice(kind.hows) if kind.hows else ""
    return Fault(at_s, kind, cliente_id, seconds, count, how)


def _too_often(made: Sequence[Fault], fault: Fault) -> bool:
    if fault.kind.loses and any(
        one.kind.loses == fault.kind.loses and one.at_s - ALONE_S < fault.ends_s and fault.at_s < one.ends_s + ALONE_S
        for one in made
    ):
        return True
    before = [one for one in made if one.cliente_id == fault.cliente_id]
    if any(one.kind is fault.kind and fault.at_s - one.at_s < fault.kind.apart_s for one in before):
        return True
    ends = sum(one.kind.ends_page and fault.at_s - one.at_s < ENDS_WINDOW_S for one in before)
    return fault.kind.ends_page and ends >= MAX_ENDS
