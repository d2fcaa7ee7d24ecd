"""Deciding of fetching: `step(state, input, now, rng)` says what follows, as data. Pure.

What is to be fetched, and what came of it so far, stands in Redis: here is only the one message that is fetched now.
Each fetch is counted there before it begins, so that one that takes the browser with it is not begun for ever.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import get_args

from session_worker.media import actions as do
from session_worker.media import inputs as on
from session_worker.media import state as at
from session_worker.media.state import FetchingTurn, State, make_call, rest
from session_worker.turn import Now, Turn
from shared.ledger.media.media import NextMedia
from shared.ledger.media.pending import PendingMedia
from shared.protocol.events import MessageMedia
from shared.protocol.inbound import MediaStatus

LOOK_MS = 60_000  # a notification that was lost costs no more than this
WAIT_MS = 60_000  # until a store that is away or full is tried again
RETRY_MS, MAX_RETRY_MS = 10_000, 6 * 3_600_000  # doubled after each failure
MAX_FAILURES = 14  # over a day
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# WhatsApp no longer has it, and the phone was asked to send it again: it does when it is next on and has it still.
AFTER_EXPIRY_MS = (MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 24 * HOUR_MS)

_ANSWERS = get_args(on.Answer)


def step(state: State, event: on.Input, now: Now, rng: random.Random) -> tuple[State, tuple[do.Action, ...]]:
    """One input, and what has become due. Returns the state after it and what is to be done, in order."""
    if isinstance(state.phase, at.Ended):
        return state, ()
    turn: FetchingTurn = Turn(state, now, rng)
    if isinstance(event, _ANSWERS):
        _take_answer(turn, event)
    else:
        _take(turn, event)
        if isinstance(turn.state.phase, at.Idle):
            _look_at_clock(turn)
    if turn.state.stopping and isinstance(turn.state.phase, at.Idle) and turn.state.unrecorded is None:
        turn.change(phase=at.Ended())
    return turn.state, tuple(turn.actions)


def _take(turn: FetchingTurn, event: on.Input) -> None:
    match event:
        case on.ChannelChanged(channel):
            turn.change(channel=channel, look_due_ms=turn.now.steady_ms)
        case on.MediaRecorded():
            if not turn.state.short_of_room:
                turn.change(look_due_ms=turn.now.steady_ms)
        case on.StopAsked():
            turn.change(stopping=True)


def _look_at_clock(turn: FetchingTurn) -> None:
    """At most one call that is due."""
    state, now_ms = turn.state, turn.now.steady_ms
    if now_ms < state.cut_until_ms:
        return
    if state.unrecorded is not None:
        make_call(turn, at.Completing(), state.unrecorded)
    elif state.channel is not None and not state.stopping and now_ms >= state.look_due_ms:
        make_call(turn, at.Looking(), do.Look())


def _take_answer(turn: FetchingTurn, answer: on.Input) -> None:
    match turn.state.phase, answer:
        case _, on.CutShort(retry_ms):
            _cut_short(turn, retry_ms)
        case at.Looking(), on.Looked(found, free_bytes):
            _looked(turn, found, free_bytes)
        case at.Looking(), on.NotFetched(_, detail):
            turn.warn("media.store_away", detail=detail)
            rest(turn, WAIT_MS)
        case ((at.Beginning() as phase), on.Postponed(wanted)):
            _begun(turn, phase, wanted=wanted)
        case at.Fetching(whatsapp_id, pending), on.Fetched(stored):
            source = pending.source
            outcome = MessageMedia(
                whatsapp_id, MediaStatus.AVAILABLE, source.mime_type, stored.size, stored.sha256, "", pending.tries
            )
            turn.info("media.fetched", bytes=stored.size, tries=pending.tries)
            _complete(turn, do.Complete(outcome, stored.added_bytes))
        case at.Fetching(whatsapp_id, pending), on.NotFetched(code, detail):
            _not_fetched(turn, whatsapp_id, pending, code, detail)
        case at.Postponing(), on.Postponed():
            rest(turn)
        case at.Completing(), on.Completed():
            turn.change(unrecorded=None)
            rest(turn)
        case phase, _:
            raise AssertionError(f"{answer} in {phase}")


def _looked(turn: FetchingTurn, found: NextMedia | None, free_bytes: int | None) -> None:
    """Begins to fetch what is due, or says why it never will."""
    if found is None:
        rest(turn, LOOK_MS)
        return
    wait_ms = found.due_ms - turn.now.wall_ms
    if wait_ms > 0:
        rest(turn, min(wait_ms, LOOK_MS))
        return
    rules, pending = turn.state.rules, found.pending
    claimed, limit = pending.source.size or 0, rules.limits.get(pending.type, 0)
    if claimed > limit or limit == 0:
        _give_up(turn, found.whatsapp_id, pending, MediaStatus.TOO_LARGE)
    elif 0 < rules.quota_bytes < found.used_bytes + claimed:
        turn.warn("media.over_quota", used_bytes=found.used_bytes, quota_bytes=rules.quota_bytes)
        _give_up(turn, found.whatsapp_id, pending, MediaStatus.FAILED, "MEDIA_QUOTA_EXCEEDED")
    elif free_bytes is not None and free_bytes - claimed < rules.min_free_bytes:
        if not turn.state.short_of_room:
            turn.warn("media.no_room", free_bytes=free_bytes, min_free_bytes=rules.min_free_bytes)
        turn.change(short_of_room=True)
        rest(turn, WAIT_MS)
    else:
        turn.change(short_of_room=False)
        counted = replace(pending, tries=pending.tries + 1)
        due_ms = turn.now.wall_ms + _retry_ms(counted)
        make_call(turn, at.Beginning(found, counted, limit), do.Postpone(found.whatsapp_id, due_ms, counted))


def _begun(turn: FetchingTurn, phase: at.Beginning, *, wanted: bool) -> None:
    """Fetches, unless the session went meanwhile."""
    channel, whatsapp_id = turn.state.channel, phase.found.whatsapp_id
    if not wanted or channel is None or turn.state.stopping:
        rest(turn)
        return
    fetch = do.Fetch(channel.browser_run, whatsapp_id, phase.pending, phase.max_bytes)
    make_call(turn, at.Fetching(whatsapp_id, phase.pending), fetch)


def _not_fetched(turn: FetchingTurn, whatsapp_id: str, pending: PendingMedia, code: str, detail: str) -> None:
    """Later again, unless nothing can come of it any more."""
    turn.warn("media.not_fetched", code=code, detail=detail, tries=pending.tries)
    wall_ms = turn.now.wall_ms
    if code == "MEDIA_TOO_LARGE":
        _give_up(turn, whatsapp_id, pending, MediaStatus.TOO_LARGE)
    elif code == "STORE_FAILED":
        uncounted = replace(pending, tries=pending.tries - 1)
        make_call(turn, at.Postponing(), do.Postpone(whatsapp_id, wall_ms + WAIT_MS, uncounted))
    elif code == "MEDIA_EXPIRED" and pending.expiries >= len(AFTER_EXPIRY_MS):
        _give_up(turn, whatsapp_id, pending, MediaStatus.EXPIRED)
    elif code == "MEDIA_EXPIRED":
        due_ms = wall_ms + AFTER_EXPIRY_MS[pending.expiries]
        asked = replace(pending, expiries=pending.expiries + 1)
        make_call(turn, at.Postponing(), do.Postpone(whatsapp_id, due_ms, asked))
    elif _failures(pending) >= MAX_FAILURES:
        _give_up(turn, whatsapp_id, pending, MediaStatus.FAILED, "MEDIA_NOT_FETCHED")
    else:  # it was postponed as it began
        rest(turn)


def _give_up(turn: FetchingTurn, whatsapp_id: str, pending: PendingMedia, status: MediaStatus, error: str = "") -> None:
    source = pending.source
    turn.info("media.given_up", status=status.value, error=error, tries=pending.tries)
    _complete(
        turn,
        do.Complete(MessageMedia(whatsapp_id, status, source.mime_type, source.size, "", error, pending.tries)),
    )


def _complete(turn: FetchingTurn, complete: do.Complete) -> None:
    turn.change(unrecorded=complete)
    make_call(turn, at.Completing(), complete)


def _cut_short(turn: FetchingTurn, retry_ms: int) -> None:
    """What is in Redis is looked at again; an outcome that is not there yet is recorded then."""
    turn.change(cut_until_ms=turn.now.steady_ms + retry_ms)
    if turn.state.stopping:
        turn.change(unrecorded=None)  # the next owner fetches it again
    rest(turn)


def _failures(pending: PendingMedia) -> int:
    return pending.tries - pending.expiries


def _retry_ms(pending: PendingMedia) -> int:
    """After a fetch that is counted already."""
    return min(MAX_RETRY_MS, RETRY_MS << min(_failures(pending) - 1, 20))
