"""Deciding how edits, deletions, reactions and votes are found that no event told. Pure.

They are no rows of their own, so no cursor finds them: the messages of the last days are looked through, newest rows
only, once the rows themselves are read. What was found in the last look is recorded, and costs Redis nothing any more.
"""

from __future__ import annotations

from session_worker.engine.heard import ChangePage
from session_worker.receiving import actions as do
from session_worker.receiving import state as at
from session_worker.receiving.rows import SURE_MS
from session_worker.receiving.state import ReceivingTurn, channel_of, make_call, rest
from shared.ledger.identity import identity
from shared.ledger.receipts.row_cursors import FIRST_ROW

RETRY_MS = 30_000
# A change comes after its message, and is known for longer than its message is looked at.
YOUNG_MS = SURE_MS


def read_changes(turn: ReceivingTurn) -> None:
    """Begins a look, or goes on with its next page."""
    state = turn.state
    if state.cursor is None:
        raise AssertionError("changes are looked for behind the cursor")
    after = state.changes_at
    if after is None:
        after = max(FIRST_ROW, state.cursor.row_id - state.rules.changes_rows)
        turn.change(changes_found=frozenset())
    since_ms = turn.now.wall_ms - YOUNG_MS
    call = do.ReadChanges(channel_of(turn).browser_run, after, state.rules.page_rows, since_ms)
    make_call(turn, at.ReadingChanges(), call)


def changes_read(turn: ReceivingTurn, page: ChangePage) -> None:
    """Records what of a page is not known."""
    state = turn.state
    heard = tuple(
        one
        for one in page.heard
        if one.at >= state.begun_ms and identity(one) not in state.changes_known and identity(one) not in state.known
    )
    if heard:
        make_call(turn, at.RecordingChanges(page), do.Record(heard, turn.state.marker))
    else:
        _go_on(turn, page)


def changes_recorded(turn: ReceivingTurn, page: ChangePage, fresh: tuple[bool, ...]) -> None:
    """The rest of this look, or the next one later."""
    if any(fresh):
        turn.info("changes.caught_up", changes=sum(fresh), rows=page.rows)
    _go_on(turn, page)


def reading_failed(turn: ReceivingTurn, code: str, detail: str) -> None:
    """The page did not answer."""
    turn.warn("changes.not_read", code=code, detail=detail)
    turn.change(changes_at=None, changes_due_ms=turn.now.steady_ms + RETRY_MS)
    rest(turn)


def _go_on(turn: ReceivingTurn, page: ChangePage) -> None:
    state, now_ms = turn.state, turn.now.steady_ms
    found = state.changes_found | {identity(one) for one in page.heard}
    if page.more:
        turn.change(changes_found=found, changes_at=page.last_row_id, changes_due_ms=now_ms)
    else:
        turn.change(
            changes_found=frozenset(),
            changes_known=found,
            changes_at=None,
            changes_due_ms=now_ms + state.rules.changes_every_ms,
        )
    rest(turn)
