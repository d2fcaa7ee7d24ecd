"""What time it is, judged: Redis' clock against the steady clocks of the processes that ask it. Pure.

Redis' clock is the one that all machines share, and it is a wall clock: it may jump. A process that has asked it
before knows from its own steady clock what it should say now. Where it says something else by more than a minute, it
jumped: the time that all go by is held where it was, so that nothing expires and nobody waits for a moment that moved
away. Once the clock has gone on evenly for a while it is believed. A Redis that lost what was agreed, or is an older
copy, is told it anew by the first process that knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

JUMP_MS = 60_000  # less is drift, or an answer that took its time: it is followed
CONFIRM_MS = 300_000  # so long a clock must go on evenly after a jump until it is believed
SENIOR_MS = 30_000  # so long a process must have kept time until its word counts for others


@dataclass(frozen=True, slots=True)
class Agreement:
    """What all processes go by; stands in Redis. Times are milliseconds since the epoch, as agreed."""

    held_ms: int = 0  # so far Redis' clock is ahead of the agreed time since it jumped; below 0: behind it
    generation: int = 0  # grows whenever `held_ms` changes: a higher one knows more than a lower one
    jumped_at_ms: int = 0  # when it was noticed
    seen_at_ms: int = 0  # when a process that had kept time for long last found the clock going on evenly

    @classmethod
    def from_hash(cls, stored: Mapping[str, str]) -> Agreement:
        """As Redis keeps it; what is missing is 0."""
        return cls(**{name: int(stored.get(name) or 0) for name in cls.__slots__})

    def to_hash(self) -> dict[str, int]:
        """Field and value, as Redis keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}

    def confirmed_in_ms(self, now_ms: int) -> int:
        """How long until Redis' clock is believed; 0 where it is."""
        return max(0, self.jumped_at_ms + CONFIRM_MS - now_ms) if self.held_ms else 0


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What the process that asks knows by itself."""

    expected_ms: int  # the agreed time, by its steady clock since it last asked
    generation: int  # under which it reckons
    kept_ms: int  # for how long it has kept time


class Finding(Enum):
    """What was found of the clock."""

    EVEN = "even"
    UNSURE = "unsure"  # nobody has kept time for longer than a jump: a pause of all processes, or a jump
    JUMPED = "jumped"
    LOST = "lost"  # Redis' state went back behind what was agreed: it is agreed anew
    BELIEVED = "believed"  # it jumped and has gone on evenly since: it is the agreed time again
    OWN = "own"  # the others found it going on evenly: it is the asking process that stood still


def judge(agreed: Agreement, told_ms: int, mine: Reckoning | None) -> tuple[Agreement, Finding]:
    """After Redis said what time it is by its clock. mine: None for a process that asks for the first time.

    The agreed time is then `told_ms - held_ms` of what is returned.
    """
    now_ms = told_ms - agreed.held_ms
    seen_lately = abs(now_ms - agreed.seen_at_ms) <= JUMP_MS
    if mine is not None and mine.generation > agreed.generation:
        return _agreed_anew(told_ms, mine), Finding.LOST
    if mine is None or (mine.generation < agreed.generation and _is_heard_out(agreed, mine)):
        unsure = mine is None and agreed.seen_at_ms > 0 and not seen_lately
        return agreed, Finding.UNSURE if unsure else Finding.EVEN
    off_ms = now_ms - mine.expected_ms
    if abs(off_ms) > JUMP_MS:
        if seen_lately:
            return agreed, Finding.OWN
        held_ms = agreed.held_ms + off_ms
        if abs(held_ms) <= JUMP_MS:
            held_ms = 0  # it is back where it was
        jumped = Agreement(held_ms, agreed.generation + 1, mine.expected_ms, mine.expected_ms)
        return jumped, Finding.JUMPED
    if agreed.held_ms and now_ms - agreed.jumped_at_ms >= CONFIRM_MS:
        return Agreement(0, agreed.generation + 1, agreed.jumped_at_ms, told_ms), Finding.BELIEVED
    if mine.kept_ms >= SENIOR_MS:
        return replace(agreed, seen_at_ms=now_ms), Finding.EVEN
    return agreed, Finding.EVEN


def _is_heard_out(agreed: Agreement, mine: Reckoning) -> bool:
    """Whether a process that knows less takes what is agreed as it stands.

    It does where the time may have been moved, as a clock was believed. Where it is held it was not: if it is another
    than the process knows, the clock jumped once more since, and nobody may have noticed yet.
    """
    return not agreed.held_ms or mine.kept_ms < SENIOR_MS


def _agreed_anew(told_ms: int, mine: Reckoning) -> Agreement:
    """What a process knows of the time, for a Redis that does not know it any more."""
    off_ms = told_ms - mine.expected_ms
    if abs(off_ms) <= JUMP_MS:
        return Agreement(0, mine.generation + 1, 0, mine.expected_ms)
    return Agreement(off_ms, mine.generation + 1, mine.expected_ms, mine.expected_ms)
