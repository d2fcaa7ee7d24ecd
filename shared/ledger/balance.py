"""Whether every accepted message is accounted for."""

from __future__ import annotations

from dataclasses import dataclass

SETTLED = ("sent", "failed", "cancelled", "expired", "uncertain")


@dataclass(frozen=True, slots=True)
class Balance:
    """What became of a tenant's messages. settled: by status; `sent` covers delivered and read."""

    accepted: int
    settled: dict[str, int]
    queued: int
    in_flight: int
    held: int

    @property
    def open(self) -> int:
        return self.queued + self.in_flight + self.held

    @property
    def balanced(self) -> bool:
        """accepted = sent + failed + cancelled + expired + uncertain + open; anything else is a defect."""
        return self.accepted == sum(self.settled.values()) + self.open
