"""What sending is told, as frozen records: by others at any time, and as the answer to each call of `actions`."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.port import Found, Handed, Limits, Prepared
from session_worker.sending.uploads.upload import Failure, UploadRequest
from session_worker.session.channel import Channel
from shared.ledger.claiming import work
from shared.ledger.message import Message

# By others, at any time.


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened; the clock may say that something is due."""


@dataclass(frozen=True, slots=True)
class Notified:
    """There may be something to send."""


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """The session became READY, or is so no longer."""

    channel: Channel | None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What WhatsApp told of a key. 1 and above: in the ledger already. -1, -2: a refusal (see `port.AckSeen`)."""

    key: str
    ack: int
    refusal: str = ""  # WhatsApp's code


@dataclass(frozen=True, slots=True)
class HandOverEnded:
    """What came of HandOver. how: None where the page failed; it may have taken the message all the same."""

    key: str
    how: Handed | None
    code: str = ""  # of the failure, see `port.EngineError`


@dataclass(frozen=True, slots=True)
class UploadEnded:
    """What came of BeginUpload: what `Outgoing.upload` takes, a secret, or why there is none."""

    request: UploadRequest
    result: str | Failure


@dataclass(frozen=True, slots=True)
class RecycleAsked:
    """A new browser is wanted, between two messages."""

    cause: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Finish the message in flight and claim no more."""


# Answers: to each call exactly one, before anything else is told.


@dataclass(frozen=True, slots=True)
class CutShort:
    """To any call: it ended without an answer (Redis away, or a defect). What it was to do may have been done."""

    retry_ms: int  # before the next round


@dataclass(frozen=True, slots=True)
class EngineFailed:
    """To any call to the page: see `port.EngineError`."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunBegun:
    """To BeginRun."""

    held: int  # messages held because they waited for another phone
    unread: tuple[Message, ...]  # sent and not read yet, oldest first


@dataclass(frozen=True, slots=True)
class InFlightRead:
    """To ReadInFlight."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Claimed:
    """To Claim."""

    work: work.Send | work.Recover | work.Pause


@dataclass(frozen=True, slots=True)
class UploadFound:
    """To FindUpload."""

    upload: str  # "" where there is none


@dataclass(frozen=True, slots=True)
class KeyMade:
    """To Prepare."""

    prepared: Prepared


@dataclass(frozen=True, slots=True)
class KeyAnswered:
    """To PersistKey."""

    answer: work.PutKey


@dataclass(frozen=True, slots=True)
class SentAgain:
    """To Resend; no word of WhatsApp's server yet."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """To LookUp: the message as the page has it; None where it does not have it."""

    found: Found | None


@dataclass(frozen=True, slots=True)
class LimitsTold:
    """To AskLimits. None: WhatsApp could not be asked."""

    limits: Limits | None


@dataclass(frozen=True, slots=True)
class AckRecorded:
    """To RecordAck."""


@dataclass(frozen=True, slots=True)
class Completed:
    """To Complete."""

    status: str  # now stored, or `gone` where the message is no longer this owner's


Answer = (
    CutShort
    | EngineFailed
    | RunBegun
    | InFlightRead
    | Claimed
    | UploadFound
    | KeyMade
    | KeyAnswered
    | SentAgain
    | LookedUp
    | LimitsTold
    | AckRecorded
    | Completed
)
Input = (
    TimePassed
    | Notified
    | ChannelChanged
    | Acknowledged
    | HandOverEnded
    | UploadEnded
    | RecycleAsked
    | StopAsked
    | Answer
)
