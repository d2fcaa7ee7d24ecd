"""How much a number may write: what WhatsApp says of it, and what its refusals say where it says nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from session_worker.engine.port import Limits

WINDOW = 10  # sends looked at
MAX_REFUSALS = 3  # so many of them refused: restricted
PAUSE_MS = 3_600_000  # then bulk and campaigns wait so long before they try again
ASK_EVERY_MS = 900_000  # WhatsApp is asked for its limits this often, and after each refusal
ASK_PER_CHAT_MS = 10_000  # … where few new chats are left: so long for each of them


@dataclass(frozen=True, slots=True)
class Restriction:
    """What WhatsApp said last, and what the last sends say. Times: wall clock, in milliseconds."""

    inferred_until_ms: int = 0  # by refusals; 0 for no restriction
    answers: tuple[bool, ...] = ()  # of the last sends, oldest first: refused or not
    limits: Limits = field(default_factory=Limits)

    @property
    def limited_until_ms(self) -> int:
        """Until when this number may open no new chats, by WhatsApp's own word; in the past, or 0, where it may."""
        spent = self.limits.new_chats_left == 0
        return max(self.limits.time_lock_until_ms, self.limits.cycle_ends_ms if spent else 0)

    @property
    def ask_again_ms(self) -> int:
        """When WhatsApp is asked again: the sooner, the fewer new chats are left."""
        left = self.limits.new_chats_left
        return ASK_EVERY_MS if not left else min(ASK_EVERY_MS, left * ASK_PER_CHAT_MS)

    def after(self, *, refused: bool, now_ms: int) -> Restriction:
        """Once WhatsApp's server answered one send more."""
        answers = (*self.answers, refused)[-WINDOW:]
        if sum(answers) >= MAX_REFUSALS:
            return replace(self, inferred_until_ms=now_ms + PAUSE_MS, answers=())
        return replace(self, answers=answers)

    def told(self, limits: Limits) -> Restriction:
        """Once WhatsApp said what it allows."""
        return replace(self, limits=limits)

    def active(self, now_ms: int) -> bool:
        """Whether bulk and campaigns have to wait. Refusals make them wait for `PAUSE_MS`, wherever a clock was put."""
        return now_ms < self.inferred_until_ms <= now_ms + PAUSE_MS or now_ms < self.limited_until_ms
