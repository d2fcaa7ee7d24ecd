"""Deciding what is done about messages that came in and can't be read yet, such as the first one of an ad's lead. Pure.

WhatsApp Web has the phone asked for such a message only when a person looks at its chat. Here the page is told to ask,
and the message is looked at again until it has a content, or is too old to get one.
"""

from __future__ import annotations

from session_worker.engine.heard import Heard, PlaceholderPage
from session_worker.receiving import actions as do
from session_worker.receiving import state as at
from session_worker.receiving.rows import is_asked_for, remember
from session_worker.receiving.state import ReceivingTurn, channel_of, make_call, rest
from shared.ledger.identity import identity

MAX_ASKED = 32  # at a time, as WhatsApp Web does
SOON_MS, SOON_FOR_MS = 3_000, 60_000  # looked at again so often while one is as young as that
LATER_MS, LATER_FOR_MS = 15_000, 600_000
MISSING_MS = 600_000  # so long one that the page does not have may come back


def look(turn: ReceivingTurn) -> None:
    """Looks at the next ones of this round, or begins a round."""
    state = turn.state
    old = tuple(key for key, one in state.placeholders.items() if not is_asked_for(one.at_ms, turn.now.wall_ms))
    if old:
        turn.warn("placeholder.given_up", messages=len(old))
        make_call(turn, at.ForgettingPlaceholders(old), do.ForgetPlaceholders(old))
        return
    left = state.placeholders_left or tuple(state.placeholders)
    turn.change(placeholders_left=left)
    keys = left[:MAX_ASKED]
    make_call(turn, at.ReadingPlaceholders(keys), do.ReadPlaceholders(channel_of(turn).browser_run, keys))


def looked(turn: ReceivingTurn, keys: tuple[str, ...], page: PlaceholderPage) -> None:
    """Records what has a content now."""
    if page.not_asked:
        turn.warn("placeholder.not_asked", reason=page.not_asked)
    gone = tuple(key for key in page.missing if _waited_ms(turn, key) > MISSING_MS)
    if gone:
        turn.warn("placeholder.gone", messages=len(gone))
    waiting = {*page.open, *page.missing} - {*gone}
    done = tuple(key for key in keys if key not in waiting)
    turn.change(placeholders_left=turn.state.placeholders_left[len(keys) :])
    heard = tuple(one for one in page.messages if identity(one) not in turn.state.known)
    if heard:
        make_call(turn, at.RecordingPlaceholders(heard, done), do.Record(heard, turn.state.marker))
    else:
        _forget(turn, done)


def recorded(turn: ReceivingTurn, heard: tuple[Heard, ...], done: tuple[str, ...]) -> None:
    """What they became is recorded: nobody waits for them any longer."""
    turn.info("placeholder.read", messages=len(heard))
    remember(turn, heard)
    _forget(turn, done)


def forgotten(turn: ReceivingTurn, keys: tuple[str, ...]) -> None:
    """The rest of this round, or the next round later."""
    state, now_ms = turn.state, turn.now.steady_ms
    placeholders = {key: one for key, one in state.placeholders.items() if key not in keys}
    left = tuple(key for key in state.placeholders_left if key not in keys)
    turn.change(placeholders=placeholders, placeholders_left=left)
    youngest_ms = min((now_ms - one.found_ms for one in placeholders.values()), default=0)
    if left:
        wait_ms = 0
    elif youngest_ms < SOON_FOR_MS:
        wait_ms = SOON_MS
    elif youngest_ms < LATER_FOR_MS:
        wait_ms = LATER_MS
    else:
        wait_ms = state.rules.every_ms
    turn.change(placeholders_due_ms=now_ms + wait_ms)
    rest(turn)


def looking_failed(turn: ReceivingTurn, code: str, detail: str) -> None:
    """The page did not answer."""
    turn.warn("placeholder.not_read", code=code, detail=detail)
    turn.change(placeholders_left=(), placeholders_due_ms=turn.now.steady_ms + LATER_MS)
    rest(turn)


def _forget(turn: ReceivingTurn, keys: tuple[str, ...]) -> None:
    if keys:
        make_call(turn, at.ForgettingPlaceholders(keys), do.ForgetPlaceholders(keys))
    else:
        forgotten(turn, ())


def _waited_ms(turn: ReceivingTurn, key: str) -> int:
    one = turn.state.placeholders.get(key)
    return 0 if one is None else turn.now.steady_ms - one.found_ms
