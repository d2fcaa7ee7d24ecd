"""What this process accepted lately, kept until somebody has looked whether it is on record."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from shared.instant import steady_ms
from shared.ledger.message import Draft

MAX_REMEMBERED = 20_000  # some 30 MB; where SQL is away for long, the oldest are let go


@dataclass(frozen=True, slots=True)
class Lately:
    """One accepted message."""

    draft: Draft
    at_ms: int  # steady


class AcceptedLately:
    """Oldest first. Many threads may remember, one at a time takes and puts back."""

    def __init__(self, clock: Callable[[], int] = steady_ms) -> None:
        """clock: steady milliseconds."""
        self._clock = clock
        self._waiting: deque[Lately] = deque(maxlen=MAX_REMEMBERED)

    def remember(self, draft: Draft) -> None:
        """It was just accepted."""
        self._waiting.append(Lately(draft, self._clock()))

    def take(self, older_than_ms: int, limit: int) -> list[Lately]:
        """The first ones that are older, at most `limit`."""
        before, taken = self._clock() - older_than_ms, list[Lately]()
        while self._waiting and len(taken) < limit and self._waiting[0].at_ms <= before:
            taken.append(self._waiting.popleft())
        return taken

    def put_back(self, some: list[Lately]) -> None:
        """They are to be looked at again."""
        self._waiting.extendleft(reversed(some))
