"""Deciding how a page's rows are read: where to begin, what of them is recorded, when to read again. Pure.

Events of the page are a hint, its rows are the truth: what came in while no event told it stands there in the order of
arrival. One page of rows is read, recorded, and only then the cursor moves: a kill in between repeats it.
"""

from __future__ import annotations

from session_worker.engine.heard import Heard, MessageRow, RowPage
from session_worker.receiving import actions as do
from session_worker.receiving import state as at
from session_worker.receiving.state import ReceivingTurn, Waiting, channel_of, make_call, rest
from shared.ledger.identity import identity
from shared.ledger.receipts.row_cursors import FIRST_ROW, KNOWN_MS, Placeholder, Position, RowCursor
from shared.protocol.events import MessageInbound
from shared.protocol.inbound import Direction, InboundType

HINT_MS = 5_000  # after a message that the page told, rows are read to see whether it told all
# So long what the page tells waits for the next page of rows, which may hold what came before it: a page that hangs is
# found and replaced within that.
HOLD_MS = 120_000
SILENT_MS = 10_000  # so long an event may come after its row was read
RETRY_MS = 5_000  # a page that does not answer, at first
COMPARED_MS = 500  # so often it is asked whether Redis was compared with SQL
STEP_BACK = 8  # where no row is left after the place to begin at: so many times further back
MAX_KNOWN = 512
PLACEHOLDER_MS = 14 * 86_400_000  # WhatsApp Web asks the phone for none that is older

# Without a cursor: what was written before is on record, or never will be.
BEGIN_MS = 86_400_000  # before now, where nothing was recorded; no more than any retention keeps
BEGIN_BEFORE_RECORD_MS = 3_600_000  # before the latest message on record

SURE_MS = KNOWN_MS - 86_400_000  # a message so young that was recorded is known by its key, whatever clocks say


def read_rows(turn: ReceivingTurn) -> None:
    """Begins a reading, or goes on with the next page of one."""
    state = turn.state
    if state.cursor is None:
        make_call(turn, at.Positioning(), do.ReadPosition(channel_of(turn).login_id))
    else:
        _read(turn, state.cursor, state.rules.overlap_rows)


def read_new_rows(turn: ReceivingTurn) -> None:
    """Reads what stands behind the cursor, and no more: something was told, and something may stand before it."""
    state = turn.state
    if state.cursor is None or state.reading_at is not None:
        read_rows(turn)
    else:
        _read(turn, state.cursor, 0)


def positioned(turn: ReceivingTurn, position: Position) -> None:
    """Where to go on, or to begin, for this login."""
    now, cursor = turn.now, position.cursor
    if cursor is None:
        recorded_until_ms = position.recorded_until_ms
        since_ms = now.wall_ms - BEGIN_MS if recorded_until_ms is None else recorded_until_ms - BEGIN_BEFORE_RECORD_MS
        cursor = RowCursor(FIRST_ROW, since_ms)
        turn.info("inbound.begins", since_ms=since_ms, on_record=recorded_until_ms is not None)
    if turn.state.waits_for_comparison:
        turn.info("inbound.compared")
    if position.marker != turn.state.marker:
        turn.change(known=(), changes_known=frozenset())  # another Redis may have forgotten these
    turn.change(
        login_id=channel_of(turn).login_id,
        cursor=cursor,
        marker=position.marker,
        waits_for_comparison=False,
        reading_at=None,
        begun_ms=max(turn.state.begun_ms, cursor.since_ms),
        placeholders={one.key: Waiting(one.at_ms, now.steady_ms) for one in position.placeholders},
        placeholders_due_ms=now.steady_ms,
        placeholders_left=(),
    )
    _read(turn, cursor, turn.state.rules.overlap_rows)


def rows_read(turn: ReceivingTurn, back_rows: int, page: RowPage) -> None:
    """Records what of a page is not known."""
    state, cursor = turn.state, _cursor(turn)
    if page.rows == 0 and state.reading_at is None and back_rows and cursor.row_id - back_rows > FIRST_ROW:
        # More was deleted than the overlap covers; what comes in next gets those numbers again.
        _read(turn, cursor, back_rows * STEP_BACK)
        return
    heard = tuple(
        row.heard for row in page.messages if _wanted(turn, cursor, row) and identity(row.heard) not in state.known
    )
    if heard:
        make_call(turn, at.RecordingRows(page, heard), do.Record(heard, turn.state.marker))
    else:
        _keep(turn, page)


def rows_recorded(turn: ReceivingTurn, page: RowPage, heard: tuple[Heard, ...], fresh: tuple[bool, ...]) -> None:
    """Moves the cursor behind a page whose messages are recorded."""
    state = turn.state
    told = set(map(identity, state.told))
    found = [one for one, new in zip(heard, fresh, strict=True) if new and identity(one) not in told]
    if found:
        turn.info("inbound.caught_up", messages=len(found), rows=page.rows)
    if not state.first_reading:
        silent_at_ms = turn.now.steady_ms + SILENT_MS
        awaited = [identity(one) for one in found if _has_event(one)]
        turn.change(untold={**state.untold, **dict.fromkeys(awaited, silent_at_ms)})
    remember(turn, heard)
    _keep(turn, page)


def cursor_kept(turn: ReceivingTurn, phase: at.KeepingCursor) -> None:
    """Redis has it: the next page, or the end of this reading."""
    state, now_ms, page = turn.state, turn.now.steady_ms, phase.page
    if phase.placeholders:
        found = {one.key: Waiting(one.at_ms, now_ms) for one in phase.placeholders}
        turn.change(placeholders={**state.placeholders, **found}, placeholders_due_ms=now_ms)
    turn.change(cursor=phase.cursor, failures=0)
    if page.more:
        turn.change(reading_at=page.last_row_id, rows_due_ms=now_ms, told_until_ms=now_ms + HOLD_MS)
    elif state.reads_new:
        turn.change(reading_at=None)
    else:
        turn.change(reading_at=None, rows_due_ms=now_ms + state.rules.every_ms, behind=False, first_reading=False)
    rest(turn)


def not_compared(turn: ReceivingTurn) -> None:
    """Redis may have forgotten what was recorded: where it, or SQL, has one read on is known once it was compared.

    Until then nothing is recorded, neither told nor read.
    """
    now_ms = turn.now.steady_ms
    if not turn.state.waits_for_comparison:
        turn.warn("inbound.waits_for_comparison")
    turn.change(
        waits_for_comparison=True,
        cut_until_ms=now_ms + COMPARED_MS,
        told_until_ms=now_ms + HOLD_MS,
        marker="",
        cursor=None,
        reading_at=None,
        rows_before_read=False,
        behind=True,
        first_reading=True,
        rows_due_ms=now_ms,
        changes_due_ms=now_ms,
        changes_at=None,
        placeholders_left=(),
    )
    rest(turn)


def reading_failed(turn: ReceivingTurn, code: str, detail: str) -> None:
    """The page did not answer, or is gone: what it tells waits for the next reading, but not for ever."""
    state = turn.state
    turn.warn("inbound.not_read", code=code, detail=detail, times=state.failures + 1)
    wait_ms = min(state.rules.every_ms, RETRY_MS * 2 ** min(state.failures, 10))
    turn.change(failures=state.failures + 1, reading_at=None, rows_due_ms=turn.now.steady_ms + wait_ms, behind=True)
    rest(turn)


def remember(turn: ReceivingTurn, heard: tuple[Heard, ...]) -> None:
    """These are recorded, and no longer waited with."""
    names = list(map(identity, heard))
    told = tuple(one for one in turn.state.told if identity(one) not in names)
    turn.change(known=(*turn.state.known, *names)[-MAX_KNOWN:], told=told)


def is_asked_for(at_ms: int, wall_ms: int) -> bool:
    """Whether a placeholder is young enough to get its content yet. at_ms: when it was written."""
    return at_ms > wall_ms - PLACEHOLDER_MS


def _read(turn: ReceivingTurn, cursor: RowCursor, back_rows: int) -> None:
    after, browser_run = turn.state.reading_at, channel_of(turn).browser_run
    turn.change(rows_before_read=True, reads_new=after is None and not back_rows)
    if after is None:
        after = max(FIRST_ROW, cursor.row_id - back_rows)
    limit = turn.state.rules.page_rows
    make_call(turn, at.ReadingRows(back_rows), do.ReadRows(browser_run, after, limit, cursor.since_ms))


def _cursor(turn: ReceivingTurn) -> RowCursor:
    if turn.state.cursor is None:
        raise AssertionError("rows are read from a cursor on")
    return turn.state.cursor


def _wanted(turn: ReceivingTurn, cursor: RowCursor, row: MessageRow) -> bool:
    """What lies behind the cursor; before it, what is so young that it is known by its key if it was recorded."""
    known_from_ms = max(turn.now.wall_ms - SURE_MS, turn.state.begun_ms)
    return row.row_id > cursor.row_id or row.heard.at > known_from_ms


def _has_event(heard: Heard) -> bool:
    """Whether a page whose events work tells it for sure: what somebody wrote, no call, nothing that became of one."""
    if not isinstance(heard, MessageInbound):
        return False
    return heard.direction is Direction.IN and heard.type is not InboundType.CALL


def _keep(turn: ReceivingTurn, page: RowPage) -> None:
    """Keeps what changed by a page. Each whole reading does, and so finds a Redis that forgot what was recorded."""
    state, before = turn.state, _cursor(turn)
    if page.more:
        cursor = RowCursor(max(before.row_id, page.last_row_id), before.since_ms)
    else:
        cursor = RowCursor(page.last_row_id)  # less than before, where the newest rows were deleted
    found = tuple(
        Placeholder(row.key, row.at_ms)
        for row in page.placeholders
        if row.key not in state.placeholders and is_asked_for(row.at_ms, turn.now.wall_ms)
    )
    phase = at.KeepingCursor(page, cursor, found)
    if cursor == before and not found and state.reads_new:
        cursor_kept(turn, phase)
    else:
        make_call(turn, phase, do.KeepCursor(state.login_id or "", cursor, found, state.marker))
