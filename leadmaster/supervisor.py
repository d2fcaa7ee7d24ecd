"""When a part that died is started again. Pure: it is told the time and the deaths, and decides."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait after one death after another. Times in seconds."""

    first_s: float = 0.2
    factor: float = 2.0
    longest_s: float = 30.0
    steady_s: float = 30.0  # a run this long wipes out the deaths before it
    failing_after: int = 4  # so many deaths in a row are told to the operator

    def delay_s(self, deaths: int) -> float:
        """The pause after the `deaths`-th death in a row (>= 1)."""
        # Beyond a handful of doublings it is the longest one anyway; the bound keeps the power finite.
        return min(self.longest_s, self.first_s * self.factor ** min(deaths - 1, 32))


@dataclass(frozen=True, slots=True)
class Life:
    """One part's record. Every method returns the next record; nothing is changed in place."""

    started_at: float | None = None  # of the run under way; None: none runs
    restart_at: float | None = None  # when to start it again
    deaths: int = 0  # in a row
    starts: int = 0  # altogether

    def started(self, now: float) -> Life:
        """A run began."""
        return replace(self, started_at=now, restart_at=None, starts=self.starts + 1)

    def died(self, now: float, backoff: Backoff) -> Life:
        """The run ended unasked: counts it and plans the next start."""
        steady = self.started_at is not None and now - self.started_at >= backoff.steady_s
        deaths = 1 if steady else self.deaths + 1
        return replace(self, started_at=None, restart_at=now + backoff.delay_s(deaths), deaths=deaths)

    def due(self, now: float) -> bool:
        """True when it is time to start it (again)."""
        return self.restart_at is not None and now >= self.restart_at

    def keeps_dying(self, backoff: Backoff) -> bool:
        """True once the deaths in a row deserve to be told as a failure and not as a hiccup."""
        return self.deaths >= backoff.failing_after
