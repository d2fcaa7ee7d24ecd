"""Deciding of acting: `step(state, input, now, rng)` says what follows, as data. Pure.

What is to be done stands in Redis: here is only the one act that is under way. The page is told to do it once; from
then on it is only asked whether it took place. Acts are done in the order in which they were asked for.
"""

from __future__ import annotations

import random
from typing import get_args

from session_worker.acting import actions as do
from session_worker.acting import inputs as on
from session_worker.acting import state as at
from session_worker.acting.state import ActingTurn, State
from session_worker.engine.acts import SeenAct
from session_worker.turn import Now, Turn
from shared.ledger.acts.acts import BEGIN_WITHIN_MS
from shared.protocol.acts import Act, ActEntry, ActStatus

LOOK_MS = 10_000  # a notification that was lost costs no more than this
LOOK_AGAIN_MS = 1_000
LOOK_UP_MS = 2_000  # between two looks at the page
IN_DOUBT_MS = 30_000  # then nobody will know any more

_ANSWERS = get_args(on.Answer)


def step(state: State, event: on.Input, now: Now, rng: random.Random) -> tuple[State, tuple[do.Action, ...]]:
    """One input, and what has become due. Returns the state after it and what is to be done, in order."""
    if isinstance(state.phase, at.Stopped):
        return state, ()
    turn: ActingTurn = Turn(state, now, rng)
    if isinstance(event, _ANSWERS):
        _take_answer(turn, event)
    else:
        _take(turn, event)
    if isinstance(turn.state.phase, at.Idle):
        _look_at_clock(turn)
    if turn.state.stopping and isinstance(turn.state.phase, at.Idle) and turn.state.unrecorded is None:
        turn.change(phase=at.Stopped())  # what is in doubt the next owner looks up
    return turn.state, tuple(turn.actions)


def _take(turn: ActingTurn, event: on.Input) -> None:
    match event:
        case on.ChannelChanged(channel):
            turn.change(channel=channel, look_due_ms=turn.now.steady_ms)
        case on.Notified():
            turn.change(look_due_ms=turn.now.steady_ms)
        case on.StopAsked():
            turn.change(stopping=True)


def _look_at_clock(turn: ActingTurn) -> None:
    """At most one call that is due."""
    state, now_ms = turn.state, turn.now.steady_ms
    if now_ms < state.cut_until_ms:
        return
    if state.unrecorded is not None:
        _call(turn, at.Ending(), state.unrecorded)
    elif state.stopping:
        return
    elif state.in_doubt is not None:
        _look_at_doubt(turn, state.in_doubt)
    elif state.channel is not None and now_ms >= state.look_due_ms:
        _call(turn, at.Looking(), do.Look())


def _look_at_doubt(turn: ActingTurn, doubt: at.InDoubt) -> None:
    channel = turn.state.channel
    if turn.now.steady_ms >= doubt.until_ms:
        turn.warn("act.unknown", kind=doubt.act.kind.value)
        _end(turn, do.End(doubt.act, ActStatus.UNKNOWN, "NO_OUTCOME"))
    elif channel is not None and turn.now.steady_ms >= doubt.look_due_ms:
        same_page = channel.browser_run == doubt.browser_run
        _call(turn, at.LookingUp(doubt.act, same_page), do.LookUp(doubt.act, channel.browser_run))


def _take_answer(turn: ActingTurn, answer: on.Input) -> None:
    match turn.state.phase, answer:
        case phase, on.CutShort(retry_ms):
            _cut_short(turn, phase, retry_ms)
        case at.Looking(), on.Looked(found):
            _looked(turn, found)
        case at.Beginning(act), on.Begun(answer=begun):
            _begun(turn, act, counts=begun == "ok")
        case at.Performing(act), on.Performed(change):
            turn.info("act.done", kind=act.kind.value)
            _end(turn, do.End(act, ActStatus.DONE, change=change))
        case at.Performing(act, browser_run), on.NotPerformed(code, certain, detail):
            turn.warn("act.not_done", kind=act.kind.value, code=code, certain=certain, detail=detail)
            if certain:
                _end(turn, do.End(act, ActStatus.FAILED, code))
            else:
                _doubt(turn, act, browser_run, LOOK_UP_MS)
        case at.LookingUp(act, same_page), on.LookedUp(seen):
            _looked_up(turn, act, seen, same_page=same_page)
        case at.Ending(), on.Ended():
            turn.change(unrecorded=None)
            _rest(turn, 0)
        case phase, _:
            raise AssertionError(f"{answer} in {phase}")


def _looked(turn: ActingTurn, found: ActEntry | None) -> None:
    channel = turn.state.channel
    if found is None or channel is None or turn.state.stopping:
        _rest(turn, LOOK_MS)
    elif found.status is ActStatus.BEGUN:  # by an owner before us
        _doubt(turn, found.act, found.browser_run, 0)
    elif turn.now.wall_ms > found.act.asked_at + BEGIN_WITHIN_MS:
        _end(turn, do.End(found.act, ActStatus.FAILED, "EXPIRED"))
    else:
        _call(turn, at.Beginning(found.act), do.Begin(found.act, channel.browser_run))


def _begun(turn: ActingTurn, act: Act, *, counts: bool) -> None:
    channel = turn.state.channel
    if not counts:  # its time is up, or we own the session no longer
        _rest(turn, LOOK_AGAIN_MS)
    elif channel is None:
        _end(turn, do.End(act, ActStatus.FAILED, "SESSION_NOT_READY"))
    else:
        _call(turn, at.Performing(act, channel.browser_run), do.Perform(act, channel.browser_run))


def _looked_up(turn: ActingTurn, act: Act, seen: SeenAct | None, *, same_page: bool) -> None:
    """That the page has nothing of it says something only of another page than the one that was told to do it."""
    match seen:
        case SeenAct(took_place=True, change=change):
            turn.info("act.found_done", kind=act.kind.value)
            _end(turn, do.End(act, ActStatus.DONE, change=change))
        case SeenAct(refused=True):
            _end(turn, do.End(act, ActStatus.FAILED, "REFUSED_BY_WHATSAPP"))
        case SeenAct(absent=True) if not same_page:
            _end(turn, do.End(act, ActStatus.FAILED, "ENGINE_FAILED"))
        case _:
            doubt = turn.state.in_doubt
            assert doubt is not None
            turn.change(
                phase=at.Idle(), in_doubt=at.InDoubt(act, doubt.browser_run, doubt.until_ms, _in(turn, LOOK_UP_MS))
            )


def _doubt(turn: ActingTurn, act: Act, browser_run: str, look_after_ms: int) -> None:
    turn.change(
        phase=at.Idle(), in_doubt=at.InDoubt(act, browser_run, _in(turn, IN_DOUBT_MS), _in(turn, look_after_ms))
    )


def _end(turn: ActingTurn, end: do.End) -> None:
    turn.change(in_doubt=None, unrecorded=end)
    _call(turn, at.Ending(), end)


def _cut_short(turn: ActingTurn, phase: at.Phase, retry_ms: int) -> None:
    """What is in Redis is looked at again; an outcome that is not there yet is recorded then."""
    turn.change(cut_until_ms=_in(turn, retry_ms))
    if turn.state.stopping:
        turn.change(unrecorded=None)  # the next owner looks it up
    if isinstance(phase, at.Performing):  # a defect: nobody knows how far it came
        _doubt(turn, phase.act, phase.browser_run, LOOK_UP_MS)
    else:
        _rest(turn, retry_ms)


def _rest(turn: ActingTurn, look_after_ms: int) -> None:
    """No call follows at once: others are heard, and the next look is due then."""
    turn.change(phase=at.Idle(), look_due_ms=_in(turn, look_after_ms))


def _call(turn: ActingTurn, phase: at.Phase, call: do.Call) -> None:
    turn.change(phase=phase)
    turn.do(call)


def _in(turn: ActingTurn, after_ms: int) -> int:
    return turn.now.steady_ms + after_ms
