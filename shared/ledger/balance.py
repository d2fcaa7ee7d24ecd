"""Whether every accepted message is accounted for."""

from __future__ import annotations

from dataclasses import dataclass

from shared.protocol.events import LedgerImbalance

FINAL = ("sent", "failed", "cancelled", "expired", "uncertain")


@dataclass(frozen=True, slots=True)
class Balance:
    """What became of a tenant's messages. final: by status; `sent` covers delivered and read."""

    accepted: int
    final: dict[str, int]
    queued: int
    in_flight: int
    held: int

    @property
    def open(self) -> int:
        """Messages that still wait for something."""
        return self.queued + self.in_flight + self.held

    @property
    def balanced(self) -> bool:
        """accepted = sent + failed + cancelled + expired + uncertain + open; anything else is a defect."""
        return self.accepted == sum(self.final.values()) + self.open

    def numbers(self) -> LedgerImbalance:
        """All of them, as the report and the alarm show them."""
        return LedgerImbalance(
            accepted=self.accepted,
            **self.final,
            open=self.open,
            queued=self.queued,
            in_flight=self.in_flight,
            held=self.held,
            balanced=self.balanced,
        )
