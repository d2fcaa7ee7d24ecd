"""What receiving wants done, as frozen records. A step returns at most one call, as its last action."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.heard import Heard
from session_worker.turn import Log
from shared.ledger.receipts.row_cursors import Placeholder, RowCursor

# Calls to the ledger.


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """Read how far the rows of a login were read."""

    login_id: str


@dataclass(frozen=True, slots=True)
class Record:
    """Record what was heard, in this order."""

    heard: tuple[Heard, ...]
    marker: str  # of the Redis whose position is known, "" for none


@dataclass(frozen=True, slots=True)
class KeepCursor:
    """Keep how far the rows of a login were read, and which of them can't be read yet."""

    login_id: str
    cursor: RowCursor
    placeholders: tuple[Placeholder, ...]
    marker: str  # see Record


@dataclass(frozen=True, slots=True)
class ForgetPlaceholders:
    """Nobody waits for these any longer."""

    keys: tuple[str, ...]


# Calls to the page of one browser run.


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Read the rows after a row."""

    browser_run: str
    after_row_id: int
    limit: int
    since_ms: int  # what was written before is left out


@dataclass(frozen=True, slots=True)
class ReadChanges:
    """Read what became of the messages in the rows after a row."""

    browser_run: str
    after_row_id: int
    limit: int
    since_ms: int  # messages that were written before are passed over


@dataclass(frozen=True, slots=True)
class ReadPlaceholders:
    """Look at placeholders again, and have the phone asked for them."""

    browser_run: str
    keys: tuple[str, ...]


# Words to others; nothing comes back.


@dataclass(frozen=True, slots=True)
class ReportSilence:
    """Messages stood in the database of a page that was in sync, and no event had told them 10 s later."""

    browser_run: str
    messages: int  # 0: events come again


LedgerCall = ReadPosition | Record | KeepCursor | ForgetPlaceholders
PageCall = ReadRows | ReadChanges | ReadPlaceholders
Call = LedgerCall | PageCall
Deed = Call | ReportSilence
Action = Deed | Log
