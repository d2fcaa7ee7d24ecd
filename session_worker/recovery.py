"""When a status has lasted too long, and what then. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from shared.transitions.session import SessionStatus

# How long a status may last before something is done about it, in milliseconds.
DEADLINES_MS: dict[SessionStatus, int] = {
    SessionStatus.INIT: 60_000,
    SessionStatus.AUTHENTICATED: 180_000,
    SessionStatus.DISCONNECTED: 120_000,
}
DEADLINE_CODES: dict[SessionStatus, str] = {
    SessionStatus.INIT: "START_TIMEOUT",
    SessionStatus.AUTHENTICATED: "SYNC_TIMEOUT",
    SessionStatus.DISCONNECTED: "CONNECTION_TIMEOUT",
}
MOST_RECOVERIES = 3  # in a row, without a code or a steady READY in between
SLOW_RETRY_MS = 300_000  # in ERROR, where the cause may pass

# Causes that only a person or WhatsApp can change: a retry would only be noise, or make a ban worse.
FINAL_CODES = frozenset({"ACCOUNT_BANNED", "ACCOUNT_LOCKED", "VERSION_UNSUPPORTED", "BROWSER_NOT_FOUND"})


class Step(Enum):
    RELAUNCH = "relaunch"
    GIVE_UP = "give_up"  # ERROR with the cause; a slow retry where the cause may pass


@dataclass(frozen=True, slots=True)
class Verdict:
    step: Step
    wait_ms: int  # before the relaunch


def after_failure(recoveries: int, code: str, rng: random.Random) -> Verdict:
    """What follows a browser that was lost or a deadline that passed. recoveries: those already made in a row."""
    if code in FINAL_CODES or recoveries >= MOST_RECOVERIES:
        return Verdict(Step.GIVE_UP, 0)
    base = 500 * 2**recoveries
    return Verdict(Step.RELAUNCH, round(base * rng.uniform(0.5, 1.5)) if recoveries else 0)


def retry_from_error_ms(code: str, rng: random.Random) -> int | None:
    """When ERROR is tried again by itself; None where only a person can help."""
    return None if code in FINAL_CODES else round(SLOW_RETRY_MS * rng.uniform(0.8, 1.2))


def overdue(status: SessionStatus, lasted_ms: int) -> bool:
    """Whether `status` has lasted longer than it may."""
    limit = DEADLINES_MS.get(status)
    return limit is not None and lasted_ms > limit


def send_backoff_ms(attempts: int, rng: random.Random) -> int:
    """The wait before a message whose attempt certainly failed is tried again: 2 s doubling, at most 60 s."""
    return round(min(60_000, 2_000 << min(max(0, attempts - 1), 10)) * rng.uniform(0.8, 1.2))
