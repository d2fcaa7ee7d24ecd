"""When a process that died is started again. Pure: it is told the time and the failures, and decides."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.process.backoff import Backoff


@dataclass(frozen=True, slots=True)
class Restarts:
    """One process's record. Every method returns the next record; nothing is changed in place. Times in seconds."""

    started_at: float | None = None  # of the run under way; None: none runs
    restart_at: float | None = None  # when to start it again
    failures: int = 0  # deaths in a row
    starts: int = 0  # altogether

    def started(self, now: float) -> Restarts:
        """A run began."""
        return replace(self, started_at=now, restart_at=None, starts=self.starts + 1)

    def died(self, now: float, backoff: Backoff) -> Restarts:
        """The run ended unasked: counts it and plans the next start."""
        steady = self.started_at is not None and now - self.started_at >= backoff.steady_s
        failures = 1 if steady else self.failures + 1
        return replace(self, started_at=None, restart_at=now + backoff.delay_s(failures), failures=failures)

    def due(self, now: float) -> bool:
        """True when it is time to start it (again)."""
        return self.restart_at is not None and now >= self.restart_at
