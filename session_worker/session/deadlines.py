"""When a status has lasted too long, and what then. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from shared.process.backoff import Backoff
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
MAX_RECOVERIES = 3  # in a row, without a code or a steady READY in between
# The first relaunch comes at once: most crashes are single ones. READY for `steady_s` ends a series of recoveries: a
# shorter one is part of it.
RELAUNCH_BACKOFF = Backoff(first_s=1.0, max_s=4.0, steady_s=60.0)
SLOW_RETRY_MS = 300_000  # in ERROR, where the cause may pass
# A build that does not let us send is loaded anew after 5 minutes, and then more and more rarely.
HOLD_BACKOFF = Backoff(first_s=300.0, max_s=3_600.0, steady_s=60.0)

# A page that loads itself anew so often, without a code or READY in between, will go on doing so.
MAX_RELOADS = 3
RELOAD_WINDOW_MS = 300_000

# Causes that only a person or WhatsApp can change: a retry would only be noise, or make a ban worse.
FINAL_CODES = frozenset({"ACCOUNT_BANNED", "ACCOUNT_LOCKED", "VERSION_UNSUPPORTED", "BROWSER_NOT_FOUND"})

# Causes that no relaunch helps against at once, but that may pass.
SLOW_CODES = frozenset({"VERSION_REFUSED", "PIN_REFUSED", "PIN_NOT_FOUND"})


class Step(Enum):
    RELAUNCH = "relaunch"
    GIVE_UP = "give_up"  # ERROR with the cause; a slow retry where the cause may pass


@dataclass(frozen=True, slots=True)
class Verdict:
    step: Step
    wait_ms: int  # before the relaunch


def after_failure(recoveries: int, code: str, rng: random.Random) -> Verdict:
    """What follows a browser that was lost or a deadline that passed. recoveries: those already made in a row."""
    if code in FINAL_CODES | SLOW_CODES or recoveries >= MAX_RECOVERIES:
        return Verdict(Step.GIVE_UP, 0)
    return Verdict(Step.RELAUNCH, round(1000 * RELAUNCH_BACKOFF.jittered_s(recoveries, rng)))


def retry_from_error_ms(code: str, rng: random.Random) -> int | None:
    """When ERROR is tried again by itself; None where only a person can help."""
    return None if code in FINAL_CODES else round(SLOW_RETRY_MS * rng.uniform(0.8, 1.2))


def overdue(status: SessionStatus, lasted_ms: int) -> bool:
    """Whether `status` has lasted longer than it may."""
    limit = DEADLINES_MS.get(status)
    return limit is not None and lasted_ms > limit
