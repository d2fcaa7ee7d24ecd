"""What fetching is told, as frozen records: by others at any time, and as the answer to each call of `actions`."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.session.channel import Channel
from shared.ledger.media.media import NextMedia
from shared.media.writing import Stored

# By others, at any time.


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened; the clock may say that something is due."""


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """The session became READY, or is so no longer."""

    channel: Channel | None


@dataclass(frozen=True, slots=True)
class MediaRecorded:
    """A message that has bytes was recorded."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Record what was fetched, then end."""


# Answers: to each call exactly one, before anything else is told.


@dataclass(frozen=True, slots=True)
class CutShort:
    """To any call: it ended without an answer (Redis away, or a defect). What it was to do may have been done."""

    retry_ms: int


@dataclass(frozen=True, slots=True)
class Looked:
    """To Look. next: None where nothing is to be fetched. free_bytes: on the store's disk; None where it is none."""

    next: NextMedia | None
    free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Postponed:
    """To Postpone. wanted: False where nothing is to be fetched of that message any more."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """To Fetch: the bytes lie in the store."""

    stored: Stored


@dataclass(frozen=True, slots=True)
class NotFetched:
    """To Fetch: nothing of it lies in the store. code: of `port.Engine.fetch_media`, or STORE_FAILED. To Look: only
    STORE_FAILED."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """To Complete."""


Answer = CutShort | Looked | Postponed | Fetched | NotFetched | Completed
Input = TimePassed | ChannelChanged | MediaRecorded | StopAsked | Answer
