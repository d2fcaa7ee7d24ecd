"""Which sessions' workers run on this host, and when a dead one may be started again. Pure records and rules."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

BACKOFF_BASE_S = 0.5
BACKOFF_MOST_S = 60.0
STEADY_S = 60.0  # a worker that lived this long starts its record anew


@dataclass(frozen=True, slots=True)
class Child:
    """A worker process of this host."""

    cliente_id: int
    pid: int
    token: str  # of its lease
    started_s: float  # monotonic
    adopted: bool = False  # left by an earlier host: not this parent's to reap


@dataclass(slots=True)
class Record:
    """What is remembered of one session's earlier workers."""

    failures: int = 0
    not_before_s: float = 0.0  # monotonic


@dataclass(slots=True)
class Backoff:
    """Exponential backoff with jitter per session: one that keeps failing delays no other."""

    rng: random.Random
    records: dict[int, Record] = field(default_factory=dict)

    def failed(self, child: Child, now_s: float) -> float:
        """Notes an unwanted end. Returns the wait in seconds before the next start."""
        record = self.records.setdefault(child.cliente_id, Record())
        record.failures = 0 if now_s - child.started_s > STEADY_S else record.failures
        # The first restart comes at once: most crashes are single ones.
        wait = 0.0 if record.failures == 0 else min(BACKOFF_MOST_S, BACKOFF_BASE_S * 2**record.failures)
        wait *= self.rng.uniform(0.5, 1.5)
        record.failures += 1
        record.not_before_s = now_s + wait
        return wait

    def ended_well(self, cliente_id: int) -> None:
        self.records.pop(cliente_id, None)

    def due(self, cliente_id: int, now_s: float) -> bool:
        record = self.records.get(cliente_id)
        return record is None or now_s >= record.not_before_s
