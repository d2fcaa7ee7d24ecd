"""Which sessions' workers run on this host, and when a dead one may be started again. Pure records and rules."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from shared.process.backoff import Backoff

# The first restart comes at once: most crashes are single ones. Who lived for `steady_s` starts its record anew.
RESTART_BACKOFF = Backoff(first_s=1.0, max_s=60.0, steady_s=60.0)


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
class Restarts:
    """When each session's worker may be started again: one that keeps failing delays no other."""

    rng: random.Random
    records: dict[int, Record] = field(default_factory=dict)

    def failed(self, child: Child, now_s: float) -> float:
        """Notes an unwanted end. Returns the wait in seconds before the next start."""
        record = self.records.setdefault(child.cliente_id, Record())
        if now_s - child.started_s > RESTART_BACKOFF.steady_s:
            record.failures = 0
        wait_s = RESTART_BACKOFF.jittered_s(record.failures, self.rng)
        record.failures += 1
        record.not_before_s = now_s + wait_s
        return wait_s

    def ended_well(self, cliente_id: int) -> None:
        """Forgets what failed."""
        self.records.pop(cliente_id, None)

    def due(self, cliente_id: int, now_s: float) -> bool:
        """Whether it may be started now."""
        record = self.records.get(cliente_id)
        return record is None or now_s >= record.not_before_s
