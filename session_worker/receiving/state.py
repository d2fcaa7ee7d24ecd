"""What receiving knows at one moment: one frozen record, and in it the call or the time it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from session_worker.engine.heard import ChangePage, Heard, RowPage
from session_worker.receiving import actions as do
from session_worker.session.channel import Channel
from session_worker.turn import Turn
from shared.ledger.receipts.row_cursors import Placeholder, RowCursor

MAX_FAILURES = 3  # readings in a row that a page does not answer, until it is taken for one without rows


@dataclass(frozen=True, slots=True)
class Rules:
    """What does not change while the worker lives."""

    every_ms: int = 60_000  # rows are read this often though nothing hints at new ones
    page_rows: int = 200
    changes_rows: int = 2_000  # so many of the newest are looked through for what became of their messages
    # Reading begins so many rows back: deleting the newest rows has WhatsApp Web give their numbers out again.
    overlap_rows: int = 64

    @property
    def changes_every_ms(self) -> int:
        """Edits, deletions, reactions and votes are no rows of their own: to look for them costs more than a row."""
        return 5 * self.every_ms


# What it waits for: the clock and others, or one phase for each call.


@dataclass(frozen=True, slots=True)
class Idle:
    """No call is under way."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more: it was asked to stop."""


@dataclass(frozen=True, slots=True)
class RecordingTold:
    """Record, of what the page told."""

    heard: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class Positioning:
    """ReadPosition."""


@dataclass(frozen=True, slots=True)
class ReadingRows:
    """ReadRows."""

    back_rows: int  # how far before the cursor they begin


@dataclass(frozen=True, slots=True)
class RecordingRows:
    """Record, of what stands in the rows."""

    page: RowPage
    heard: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class KeepingCursor:
    """KeepCursor."""

    page: RowPage
    cursor: RowCursor
    placeholders: tuple[Placeholder, ...]


@dataclass(frozen=True, slots=True)
class ReadingChanges:
    """ReadChanges."""


@dataclass(frozen=True, slots=True)
class RecordingChanges:
    """Record, of what became of messages."""

    page: ChangePage


@dataclass(frozen=True, slots=True)
class ReadingPlaceholders:
    """ReadPlaceholders."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordingPlaceholders:
    """Record, of what placeholders became."""

    heard: tuple[Heard, ...]
    done: tuple[str, ...]  # keys nobody waits for any longer


@dataclass(frozen=True, slots=True)
class ForgettingPlaceholders:
    """ForgetPlaceholders."""

    keys: tuple[str, ...]


Phase = (
    Idle
    | Ended
    | RecordingTold
    | Positioning
    | ReadingRows
    | RecordingRows
    | KeepingCursor
    | ReadingChanges
    | RecordingChanges
    | ReadingPlaceholders
    | RecordingPlaceholders
    | ForgettingPlaceholders
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A placeholder that is still empty."""

    at_ms: int  # wall clock: when the message was written
    found_ms: int  # steady clock: when this process learned of it


@dataclass(frozen=True, slots=True)
class State:
    """Times are of the steady clock, in milliseconds, where nothing else is said."""

    rules: Rules = field(default_factory=Rules)
    phase: Phase = field(default_factory=Idle)
    channel: Channel | None = None
    cut_until_ms: int = 0  # no call before: the last one had no answer
    stopping: bool = False
    # What the page tells.
    told: tuple[Heard, ...] = ()  # to be recorded, in this order
    told_until_ms: int = 0  # at most so long these wait for what came before them
    marker: str = ""  # of the Redis that said where to read on, "" for none
    waits_for_comparison: bool = False  # it was not compared with SQL: until then nothing is recorded
    rows_before_read: bool = False  # since the last of these was told, rows were read
    known: tuple[str, ...] = ()  # what was recorded last: rows that are read again need no look into Redis
    # What stands in its rows.
    login_id: str | None = None  # whose cursor and placeholders these are
    cursor: RowCursor | None = None
    rows_due_ms: int = 0  # when rows are read next
    reading_at: int | None = None  # the row after which a reading of several pages goes on
    reads_new: bool = False  # the reading under way begins at the cursor and stands in for no other
    behind: bool = False  # rows may hold what came before the messages that the page tells now
    first_reading: bool = False  # since the page was loaded or came back: no event could tell what it finds
    failures: int = 0  # readings in a row that the page did not answer
    untold: Mapping[str, int] = field(default_factory=dict)  # of a row that no event told → when that is reported
    silent: bool = False  # that was reported, and no event came since
    # What became of messages.
    begun_ms: int = 0  # wall clock: changes before are on record, or never will be
    changes_due_ms: int = 0
    changes_at: int | None = None  # the row after which a look of several pages goes on
    changes_found: frozenset[str] = frozenset()  # in this look so far
    changes_known: frozenset[str] = frozenset()  # of the last one: they are recorded
    # What can't be read yet.
    placeholders: Mapping[str, Waiting] = field(default_factory=dict)  # by key
    placeholders_due_ms: int = 0
    placeholders_left: tuple[str, ...] = ()  # to be looked at in this round

    @property
    def rows_given_up(self) -> bool:
        """Whether the page is there and does not give its rows: what it tells waits for them no longer."""
        return self.channel is not None and self.failures >= MAX_FAILURES

    @property
    def told_due_ms(self) -> int:
        """When what was told is recorded: at once, with the rows before it, unless those are many or out of reach."""
        if self.rows_given_up:
            return 0
        return self.told_until_ms if self.behind or self.channel is None else 0

    @property
    def reads_changes(self) -> bool:
        """Whether it is known up to where, and the messages that may have changed are recorded themselves."""
        return self.cursor is not None and not self.behind

    @property
    def wakes_at_ms(self) -> int | None:
        """When to be told that time passed; None where only an input counts."""
        times = list(self.untold.values())
        if self.told:
            times.append(self.told_due_ms)
        if self.channel is not None:
            times.append(self.rows_due_ms)
            if self.placeholders:
                times.append(self.placeholders_due_ms)
            if self.reads_changes:
                times.append(self.changes_due_ms)
        return max(min(times), self.cut_until_ms) if times else None


ReceivingTurn = Turn[State, do.Action]


def make_call(turn: ReceivingTurn, phase: Phase, call: do.Call) -> None:
    """Makes a call whose answer `phase` waits for."""
    turn.change(phase=phase)
    turn.do(call)


def rest(turn: ReceivingTurn) -> None:
    """No call follows: others are heard before the next one, even where it is due at once."""
    turn.change(phase=Idle())


def channel_of(turn: ReceivingTurn) -> Channel:
    """The channel of the call under way: it changes only between two."""
    if turn.state.channel is None:
        raise AssertionError("a page is read through a channel")
    return turn.state.channel
