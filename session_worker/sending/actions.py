"""What sending wants done, as frozen records. A step returns at most one call, as its last action."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.port import Limits, Outgoing, Prepared
from session_worker.sending.pace import Typing
from session_worker.sending.uploads.upload import UploadRequest
from session_worker.turn import Log
from shared.ledger.claiming import work
from shared.ledger.message import Message
from shared.protocol.content import Content

# Calls to the ledger.


@dataclass(frozen=True, slots=True)
class BeginRun:
    """Hold what waits for another phone than `phone_number`, and read what was sent but not read."""

    phone_number: str


@dataclass(frozen=True, slots=True)
class ReadInFlight:
    """Read the tenant's messages in `sending`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Take the next piece of work for this browser run."""

    browser_run: str
    pace: work.Pace
    bulk_allowed: bool
    media_allowed: bool = True  # messages with a file too


@dataclass(frozen=True, slots=True)
class FindUpload:
    """Look for a young upload of a content's file."""

    login_id: str
    content: Content


@dataclass(frozen=True, slots=True)
class PersistKey:
    """Keep WhatsApp's key with the message before anything is handed over."""

    browser_run: str
    login_id: str
    message: Message
    prepared: Prepared
    lease_left_ms: int  # that must remain: the hand-over's time-out


@dataclass(frozen=True, slots=True)
class Complete:
    """End one attempt without an acknowledgement."""

    message: Message
    outcome: work.Outcome
    code: str
    again_at_ms: int = 0  # wall clock: when it may be claimed, or looked at, again
    browser_run: str = ""  # for ADOPT


@dataclass(frozen=True, slots=True)
class RecordAck:
    """Record an acknowledgement that was read off the page. ack: 1 and above."""

    key: str
    ack: int


# Calls to the page of one browser run.


@dataclass(frozen=True, slots=True)
class Prepare:
    """Have the page open the chat and make a key, and show there that somebody writes, for the time that it says."""

    browser_run: str
    to: str  # canonical digits
    typing: Typing


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask the page's own database for a message by its key."""

    browser_run: str
    prepared: Prepared


@dataclass(frozen=True, slots=True)
class Resend:
    """Have the page send what it holds unsent, under its own key."""

    browser_run: str
    prepared: Prepared


@dataclass(frozen=True, slots=True)
class AskLimits:
    """Ask WhatsApp how much this number may write to people it has no chat with."""

    browser_run: str


# Words to others; nothing comes back at once.


@dataclass(frozen=True, slots=True)
class HandOver:
    """Hand the message to the page under its key, from now on and beside what follows; see `inputs.HandOverEnded`."""

    browser_run: str
    prepared: Prepared
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class BeginUpload:
    """Have the page upload a file meanwhile; `inputs.UploadEnded` says what came of it."""

    request: UploadRequest


@dataclass(frozen=True, slots=True)
class AskRelaunch:
    """Ask the session for a new browser run."""

    cause: str


@dataclass(frozen=True, slots=True)
class ReportRestriction:
    """Tell the session until when bulk and campaigns wait (wall clock; 0, or in the past: they need not), and why."""

    restricted_until_ms: int  # WhatsApp refused one message after the other
    limited_until_ms: int  # it says that this number may open no new chats
    limits: Limits


@dataclass(frozen=True, slots=True)
class ReportUnacknowledged:
    """Tell the session to how many people's messages WhatsApp says nothing, on a second page as on the first."""

    browser_run: str
    recipients: int  # 0: to nobody's any more, or to so few that it means nothing


@dataclass(frozen=True, slots=True)
class ReportPause:
    """Tell the session that sending pauses, as the page makes no key for anybody, or that it does so no longer."""

    paused: bool


@dataclass(frozen=True, slots=True)
class LoseLease:
    """The ledger says that another owns the session: end the browser and this process."""


LedgerCall = BeginRun | ReadInFlight | Claim | FindUpload | PersistKey | Complete | RecordAck
PageCall = Prepare | LookUp | Resend | AskLimits
Call = LedgerCall | PageCall
Deed = Call | HandOver | BeginUpload | AskRelaunch | ReportRestriction | ReportUnacknowledged | ReportPause | LoseLease
Action = Deed | Log
