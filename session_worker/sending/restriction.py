"""Inferring that WhatsApp restricts a number: it tells nobody, it only refuses (wa-js has no event for it). Pure."""

from __future__ import annotations

from dataclasses import dataclass

WINDOW = 10  # sends looked at
MAX_REFUSALS = 3  # so many of them refused: restricted
PAUSE_MS = 3_600_000  # bulk and campaigns wait so long before they try again


@dataclass(frozen=True, slots=True)
class Restriction:
    """What the last sends say."""

    until_ms: int = 0  # wall clock: bulk and campaigns wait until then; 0 for no restriction
    answers: tuple[bool, ...] = ()  # of the last sends, oldest first: refused or not

    def after(self, *, refused: bool, now_ms: int) -> Restriction:
        """Once WhatsApp's server answered one send more."""
        answers = (*self.answers, refused)[-WINDOW:]
        if sum(answers) >= MAX_REFUSALS:
            return Restriction(now_ms + PAUSE_MS)
        return Restriction(self.until_ms, answers)

    def active(self, now_ms: int) -> bool:
        return now_ms < self.until_ms
