"""How long to wait before something that failed is tried again. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential: `first_s` after the first failure, `factor` times as long after each further one, at most `max_s`.

    steady_s: whoever keeps the count starts it anew after so long without a failure.
    """

    first_s: float
    max_s: float
    steady_s: float
    factor: float = 2.0

    def delay_s(self, failures: int) -> float:
        """The wait in seconds after `failures` in a row; 0 before the first."""
        if failures <= 0:
            return 0.0
        delay_s = self.first_s
        for _ in range(failures - 1):
            if delay_s >= self.max_s:
                break
            delay_s *= self.factor
        return min(self.max_s, delay_s)

    def jittered_s(self, failures: int, rng: random.Random) -> float:
        """The same, times 0.5 to 1.5, so that many that failed together don't come back together."""
        return self.delay_s(failures) * rng.uniform(0.5, 1.5)
