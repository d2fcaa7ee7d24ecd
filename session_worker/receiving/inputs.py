"""What receiving is told, as frozen records: by others at any time, and as the answer to each call of `actions`."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.heard import ChangePage, Heard, PlaceholderPage, RowPage
from session_worker.session.channel import Channel
from shared.ledger.receipts.row_cursors import Position

# By others, at any time.


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened; the clock may say that something is due."""


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """The session became READY, or is so no longer."""

    channel: Channel | None


@dataclass(frozen=True, slots=True)
class Told:
    """The page told of a message, or of a change of one."""

    heard: Heard


@dataclass(frozen=True, slots=True)
class RowsHinted:
    """The page's database may hold what no event told. cause: see `port.RowsHinted`."""

    cause: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Record what was told, then end."""


# Answers: to each call exactly one, before anything else is told.


@dataclass(frozen=True, slots=True)
class CutShort:
    """To any call: it ended without an answer (Redis away, or a defect). What it was to do may have been done."""

    retry_ms: int


@dataclass(frozen=True, slots=True)
class EngineFailed:
    """To any call to the page: see `port.EngineError`."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PositionRead:
    """To ReadPosition."""

    position: Position


@dataclass(frozen=True, slots=True)
class RowsRead:
    """To ReadRows."""

    page: RowPage


@dataclass(frozen=True, slots=True)
class ChangesRead:
    """To ReadChanges."""

    page: ChangePage


@dataclass(frozen=True, slots=True)
class PlaceholdersRead:
    """To ReadPlaceholders."""

    page: PlaceholderPage


@dataclass(frozen=True, slots=True)
class Recorded:
    """To Record."""

    fresh: tuple[bool, ...]  # for each: whether it was not known before


@dataclass(frozen=True, slots=True)
class Kept:
    """To KeepCursor and ForgetPlaceholders."""


@dataclass(frozen=True, slots=True)
class NotCompared:
    """To ReadPosition, Record and KeepCursor: nothing was done.

    Redis is not the one that said where to read on, or was not compared with SQL yet: emptied, an older one, or only
    started anew.
    """


Answer = (
    CutShort | EngineFailed | PositionRead | RowsRead | ChangesRead | PlaceholdersRead | Recorded | Kept | NotCompared
)
Input = TimePassed | ChannelChanged | Told | RowsHinted | StopAsked | Answer
