"""Whether the page makes keys at all: where it does so for nobody, sending pauses, and no message pays for it. Pure.

A page may call itself READY and yet open no chat. Each message would then fail for certain, five times in half a
minute, and end. Several recipients in a row say that it is not theirs: from then on one message now and then is tried,
its attempt does not count, and the first key that is made ends the pause.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.process.backoff import Backoff

MIN_RECIPIENTS = 3  # whose messages failed in a row, none in between having got a key
PROBE_BACKOFF = Backoff(first_s=5.0, max_s=300.0, steady_s=0.0)
PASSED_OVER = (
    4  # so many pauses the message that was tried waits: the next ones are tried with others, where there are any
)
MAX_PASSED_OVER_MS = 600_000


@dataclass(frozen=True, slots=True)
class Breaker:
    """Times are of the steady clock, in milliseconds."""

    failed: frozenset[str] = frozenset()  # recipients, since a key was last made
    failed_probes: int = 0  # since it paused; the failure that paused it is the first
    probe_at_ms: int = 0  # when one message may be tried

    @property
    def paused(self) -> bool:
        return len(self.failed) >= MIN_RECIPIENTS

    @property
    def pause_ms(self) -> int:
        """How long the present pause lasts; 0 while there is none."""
        return round(1000 * PROBE_BACKOFF.delay_s(self.failed_probes))

    @property
    def passed_over_ms(self) -> int:
        """How long the message that was just tried waits."""
        return min(MAX_PASSED_OVER_MS, PASSED_OVER * self.pause_ms)

    def after_failure(self, recipient: str, now_ms: int) -> Breaker:
        """Once it is certain that nothing went out to one more recipient, and it is not for this recipient's sake."""
        after = replace(self, failed=self.failed | {recipient})
        if not after.paused:
            return after
        after = replace(after, failed_probes=self.failed_probes + 1)
        return replace(after, probe_at_ms=now_ms + after.pause_ms)

    def on_new_page(self) -> Breaker:
        """Another page may do it: it is tried at once."""
        return replace(self, probe_at_ms=0)

    def waits_ms(self, now_ms: int) -> int:
        """How long until a message may be claimed; 0 where one may be."""
        return max(0, self.probe_at_ms - now_ms) if self.paused else 0
