"""Deciding of receiving: `step(state, input, now, rng)` says what follows, as data. Pure.

What the page tells is recorded at once, so that it is fast; its rows are read so that it is complete, and in order:
what stands in rows that nobody read yet is recorded before a message that is told.
"""

from __future__ import annotations

import random
from typing import get_args

from session_worker.engine.heard import Heard
from session_worker.receiving import actions as do
from session_worker.receiving import changes, placeholders, rows
from session_worker.receiving import inputs as on
from session_worker.receiving import state as at
from session_worker.receiving.state import ReceivingTurn, State, make_call, rest
from session_worker.session.channel import Channel
from session_worker.turn import Now, Turn
from shared.ledger.identity import identity

MAX_HELD = 500
PLACEHOLDER_HINT_MS = 500

_ANSWERS = get_args(on.Answer)


def step(state: State, event: on.Input, now: Now, rng: random.Random) -> tuple[State, tuple[do.Action, ...]]:
    """One input, and what has become due. Returns the state after it and what is to be done, in order."""
    if isinstance(state.phase, at.Ended):
        return state, ()
    turn: ReceivingTurn = Turn(state, now, rng)
    if isinstance(event, _ANSWERS):
        _take_answer(turn, event)
    else:
        _take(turn, event)
        if isinstance(turn.state.phase, at.Idle):
            _look_at_clock(turn)
    if turn.state.stopping and isinstance(turn.state.phase, at.Idle) and not turn.state.told:
        turn.change(phase=at.Ended())
    return turn.state, tuple(turn.actions)


def _take(turn: ReceivingTurn, event: on.Input) -> None:
    match event:
        case on.ChannelChanged(channel):
            _change_channel(turn, channel)
        case on.Told(heard):
            _hear(turn, heard)
        case on.RowsHinted(cause):
            _hint(turn, cause)
        case on.StopAsked():
            turn.change(stopping=True, told_until_ms=0)


def _look_at_clock(turn: ReceivingTurn) -> None:
    """At most one call that is due."""
    state, now_ms = turn.state, turn.now.steady_ms
    if now_ms < state.cut_until_ms:
        return
    _report_silence(turn)
    if state.told and now_ms >= state.told_due_ms:
        _record_told(turn)
    elif state.channel is None or state.stopping:
        return
    elif now_ms >= state.rows_due_ms:
        rows.read_rows(turn)
    elif state.placeholders and now_ms >= state.placeholders_due_ms:
        placeholders.look(turn)
    elif state.reads_changes and now_ms >= state.changes_due_ms:
        changes.read_changes(turn)


def _record_told(turn: ReceivingTurn) -> None:
    """Behind what came before it, which no event may have told."""
    state = turn.state
    is_read = state.rows_before_read and state.reading_at is None
    is_late = turn.now.steady_ms >= state.told_until_ms or state.rows_given_up
    if state.channel is not None and not is_read and not is_late:
        rows.read_new_rows(turn)
        return
    batch = state.told[:MAX_HELD]
    turn.change(told=state.told[MAX_HELD:])
    make_call(turn, at.RecordingTold(batch), do.Record(batch, state.marker))


def _take_answer(turn: ReceivingTurn, answer: on.Input) -> None:
    match turn.state.phase, answer:
        case phase, on.CutShort(retry_ms):
            _cut_short(turn, phase, retry_ms)
        case phase, on.NotCompared():
            _take_back(turn, phase)
            rows.not_compared(turn)
        case at.RecordingTold(heard), on.Recorded():
            rows.remember(turn, heard)
            rest(turn)
        case at.Positioning(), on.PositionRead(position):
            rows.positioned(turn, position)
        case at.ReadingRows(back_rows), on.RowsRead(page):
            rows.rows_read(turn, back_rows, page)
        case at.ReadingRows(), on.EngineFailed(code, detail):
            rows.reading_failed(turn, code, detail)
        case at.RecordingRows(page, heard), on.Recorded(fresh):
            rows.rows_recorded(turn, page, heard, fresh)
        case ((at.KeepingCursor() as phase), on.Kept()):
            rows.cursor_kept(turn, phase)
        case phase, _:
            _take_later_answer(turn, phase, answer)


def _take_later_answer(turn: ReceivingTurn, phase: at.Phase, answer: on.Input) -> None:
    """To what is asked once the rows are read."""
    match phase, answer:
        case at.ReadingChanges(), on.ChangesRead(page):
            changes.changes_read(turn, page)
        case at.ReadingChanges(), on.EngineFailed(code, detail):
            changes.reading_failed(turn, code, detail)
        case at.RecordingChanges(page), on.Recorded(fresh):
            changes.changes_recorded(turn, page, fresh)
        case at.ReadingPlaceholders(keys), on.PlaceholdersRead(page):
            placeholders.looked(turn, keys, page)
        case at.ReadingPlaceholders(), on.EngineFailed(code, detail):
            placeholders.looking_failed(turn, code, detail)
        case at.RecordingPlaceholders(heard, done), on.Recorded():
            placeholders.recorded(turn, heard, done)
        case at.ForgettingPlaceholders(keys), on.Kept():
            placeholders.forgotten(turn, keys)
        case _:
            raise AssertionError(f"{answer} in {phase}")


# What others tell.


def _change_channel(turn: ReceivingTurn, channel: Channel | None) -> None:
    """A page that is ready, for the first time or again, may have taken in what no event told."""
    turn.change(channel=channel, reading_at=None, placeholders_left=(), changes_at=None)
    if channel is None:
        return
    if channel.login_id != turn.state.login_id:
        turn.change(login_id=None, cursor=None, begun_ms=0, placeholders={}, untold={}, changes_known=frozenset())
    turn.change(placeholders_due_ms=turn.now.steady_ms)
    _catch_up(turn)


def _hear(turn: ReceivingTurn, heard: Heard) -> None:
    state, now_ms, name = turn.state, turn.now.steady_ms, identity(heard)
    turn.change(untold={one: at_ms for one, at_ms in state.untold.items() if one != name}, silent=False)
    if state.silent and state.channel is not None:
        turn.do(do.ReportSilence(state.channel.browser_run, 0))
    if name in state.known:
        return
    if state.channel is not None and len(state.told) >= MAX_HELD:
        _catch_up(turn)  # it stands in the page's rows as well, behind what is waiting
        return
    if not state.told:
        turn.change(told_until_ms=now_ms + rows.HOLD_MS)
    rows_due_ms = min(state.rows_due_ms, now_ms + rows.HINT_MS)
    turn.change(told=(*state.told, heard), rows_before_read=False, rows_due_ms=rows_due_ms)


def _hint(turn: ReceivingTurn, cause: str) -> None:
    if cause == "placeholder":
        turn.change(rows_due_ms=min(turn.state.rows_due_ms, turn.now.steady_ms + PLACEHOLDER_HINT_MS))
    else:
        # The page may be another one by now, which has to ask the phone anew.
        turn.change(placeholders_due_ms=turn.now.steady_ms)
        _catch_up(turn)


def _catch_up(turn: ReceivingTurn) -> None:
    now_ms = turn.now.steady_ms
    turn.change(behind=True, first_reading=True, failures=0, rows_due_ms=now_ms, changes_due_ms=now_ms, changes_at=None)


def _report_silence(turn: ReceivingTurn) -> None:
    """Names only how many: which chats they are in is nobody's business."""
    state, now_ms = turn.state, turn.now.steady_ms
    waiting = {key: at_ms for key, at_ms in state.untold.items() if at_ms > now_ms}
    silent = len(state.untold) - len(waiting)
    turn.change(untold=waiting)
    if silent and state.channel is not None:
        turn.warn("inbound.no_event", messages=silent)
        turn.change(silent=True)
        turn.do(do.ReportSilence(state.channel.browser_run, silent))


def _cut_short(turn: ReceivingTurn, phase: at.Phase, retry_ms: int) -> None:
    """What was told is told again; rows and placeholders are read again, and what of them is recorded is known."""
    now_ms = turn.now.steady_ms
    _take_back(turn, phase)
    if isinstance(phase, at.KeepingCursor):
        turn.change(cursor=None)  # Redis may have it, and placeholders with it: it is asked
    turn.change(
        cut_until_ms=now_ms + retry_ms,
        reading_at=None,
        rows_before_read=False,
        rows_due_ms=now_ms,
        placeholders_left=(),
        placeholders_due_ms=now_ms,
        changes_at=None,
    )
    rest(turn)


def _take_back(turn: ReceivingTurn, phase: at.Phase) -> None:
    """What was told and not recorded waits again."""
    if turn.state.stopping:
        turn.change(told=())  # they stand in the page's rows: the next owner reads them there
    elif isinstance(phase, at.RecordingTold):
        turn.change(told=(*phase.heard, *turn.state.told))
