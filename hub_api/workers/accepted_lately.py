"""What this process accepted lately, kept until somebody has looked whether it is on record."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from hub_api.workers.accepted_journal import AcceptedJournal, AcceptedLine
from shared.instant import steady_ms
from shared.ledger.message import Draft

MAX_REMEMBERED = 20_000  # some 30 MB; where SQL is away for long, the oldest are let go


@dataclass(frozen=True, slots=True)
class Lately:
    """One accepted message."""

    draft: Draft
    at_ms: int  # steady
    file: int  # of the journal


class AcceptedLately:
    """Oldest first. Many threads may remember, one at a time takes and puts back."""

    def __init__(self, journal: AcceptedJournal, clock: Callable[[], int] = steady_ms) -> None:
        """journal: keeps them for the case that this process is killed. clock: steady milliseconds."""
        self._journal = journal
        self._clock = clock
        self._waiting: deque[Lately] = deque(maxlen=MAX_REMEMBERED)
        self._lock = threading.Lock()

    def remember(self, draft: Draft) -> None:
        """It was just accepted."""
        with self._lock:
            self._remember(draft)

    def adopt(self) -> int:
        """Remembers what killed processes of this machine's hub had accepted; returns how many messages."""
        with self._lock:
            return self._journal.adopt(self._remember)

    def among(self, message_ids: Collection[str]) -> set[str]:
        """Those of these that this process, or another one of this machine's hub, accepted lately."""
        with self._lock:
            remembered = {one.draft.message_id for one in self._waiting}
        return set(message_ids) & (remembered | {line.message_id for line in self._journal.lines()})

    def under_keys(self) -> list[AcceptedLine]:
        """What was accepted lately by a key, also by other processes of this machine's hub."""
        return [line for line in self._journal.lines() if line.key_digest]

    def take(self, older_than_ms: int, limit: int) -> list[Lately]:
        """The first ones that are older, at most `limit`."""
        before, taken = self._clock() - older_than_ms, list[Lately]()
        while self._waiting and len(taken) < limit and self._waiting[0].at_ms <= before:
            taken.append(self._waiting.popleft())
        return taken

    def put_back(self, some: list[Lately]) -> None:
        """They are to be looked at again; what else was taken is on record."""
        with self._lock:
            self._waiting.extendleft(reversed(some))
            if self._waiting:
                self._journal.forget_before(self._waiting[0].file)
            else:
                self._journal.forget_all()

    def _remember(self, draft: Draft) -> None:
        self._waiting.append(Lately(draft, self._clock(), self._journal.write(draft)))
