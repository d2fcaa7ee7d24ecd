"""What the ledger gives a session's owner to do, and how the owner answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.ledger.message import Message


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing to do now. retry_ms: when it is worth asking again; None where only a new message changes that."""

    retry_ms: int | None


@dataclass(frozen=True, slots=True)
class Send:
    """A message to send, now `sending` under the caller's fence."""

    message: Message


@dataclass(frozen=True, slots=True)
class Recover:
    """A message that an earlier browser was given under a key: WhatsApp must be asked before anything else."""

    message: Message


class LeaseLost(Exception):
    """The caller no longer owns the session: it ends its browser and itself."""


class Outcome(StrEnum):
    """How the owner ends one attempt that was not acknowledged."""

    QUEUED = "queued"  # certain that nothing went out: again later
    RETURNED = "returned"  # the same, and the attempt does not count: it was not the message's fault
    FAILED = "failed"  # certain, and final
    EXPIRED = "expired"  # certain: its time was up before it had a key
    CANCELLED = "cancelled"  # certain: its campaign was stopped before it had a key
    UNCERTAIN = "uncertain"  # WhatsApp could not be asked
    LATER = "later"  # stays in doubt, looked at again
    ADOPT = "adopt"  # this browser run holds it now and waits for the acknowledgement


@dataclass(frozen=True, slots=True)
class Login:
    """Under what a key was made."""

    login_id: str  # the pairing: own number and pairing id
    browser_run: str


class PutKey(StrEnum):
    """How the ledger answered a key."""

    OK = "ok"
    LOST = "lost"  # no longer the owner
    SHORT = "short"  # too little lease left for a hand-over
    GONE = "gone"  # no longer this owner's message
    EXPIRED = "expired"  # from here on: it must not leave any more. Its time is up
    STOPPED = "stopped"  # its campaign was stopped
    OPTED_OUT = "opted_out"  # the recipient asked not to be written to


@dataclass(frozen=True, slots=True)
class Pace:
    """What limits the next messages : milliseconds drawn for the wait after this claim, the cap."""

    gap_ms: int
    delay_ms: int
    daily_cap: int = 0  # bulk and campaign messages a day; 0 for none
    day: str = "-"  # today in the tenant's time zone, `20261120`
    day_left_ms: int = 0  # until its midnight
