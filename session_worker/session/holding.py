"""What a session does about the build of WhatsApp Web that its page loaded. Pure.

A load is looked at as soon as it says that it is up, again when messages could go through it, and then on a slow timer.
READY comes after the look that lets it. A build that does not let us send holds the session: its page lives on, so that
what still works goes on, nothing is claimed, and it is loaded anew later.
"""

from __future__ import annotations

from dataclasses import replace

from session_worker.drift.judging import Behaviour, build_of, judge
from session_worker.engine.port import Observation, ProbeReport
from session_worker.session import actions as do
from session_worker.session import deadlines
from session_worker.session.moves import NO_CODE, SessionTurn, login_of, move
from session_worker.session.reading import read
from session_worker.session.runs import count_silence, fail_run, launch
from session_worker.session.state import new_load
from shared.builds.verdict import Standing, Verdict
from shared.transitions.session import SessionEvent, SessionStatus

CHANGED = "WHATSAPP_CHANGED"
_REFUSED, _PIN_REFUSED = "VERSION_REFUSED", "PIN_REFUSED"

NEXT_LOOK_MS = 10_000  # a page that does not say that it is up is looked at all the same
HELD_LOOK_MS = 30_000  # what was missing may only have come late
_FAILED_LOOK_MS = 1_000


def see(turn: SessionTurn, seen: Observation) -> None:
    """Takes an observation, and asks for a look where the page has come further than it was when last looked at."""
    load = turn.state.load
    turn.change(load=replace(load, seen=seen))
    if seen.code or _is_open(seen):
        turn.change(reloads=(), unready_loads=0)
    looked_ready = load.report is not None and load.report.full_ready_ms is not None
    if seen.loaded and (not looked_ready or (_is_open(seen) and not load.looked_linked)):
        ask(turn)


def lets_through(turn: SessionTurn, event: SessionEvent) -> bool:
    """Whether what the page shows counts. READY waits for a look at the build; what is held waits for a better one."""
    load = turn.state.load
    if load.held:
        return event in (SessionEvent.FAILED, SessionEvent.CONFLICT)
    return event is not SessionEvent.OPENED or load.looked_linked


def ask(turn: SessionTurn) -> None:
    """Has the page's names walked."""
    load, rules = turn.state.load, turn.state.rules
    usual_ms = rules.build_check_ms if load.looked_linked else NEXT_LOOK_MS
    wait_ms = HELD_LOOK_MS if load.held else usual_ms
    turn.change(load=replace(load, probe_at_ms=turn.now.steady_ms + wait_ms))
    turn.do(do.ProbeBuild(turn.state.browser_run))


def ask_again(turn: SessionTurn, code: str) -> None:
    """The page did not answer: it may just be loading itself anew.

    A held page is asked for nothing else (it may not be able to say how it is), so there silence is counted here.
    """
    turn.change(load=replace(turn.state.load, probe_at_ms=turn.now.steady_ms + _FAILED_LOOK_MS))
    if turn.state.load.held:
        count_silence(turn, code)
    else:
        turn.info("build.not_probed", code=code)


def take_report(turn: SessionTurn, report: ProbeReport) -> bool:
    """True: what the page showed last has to be looked at again."""
    load = turn.state.load
    linked = load.looked_linked
    if report.full_ready_ms is not None:
        turn.change(unready_loads=0)
        linked = linked or (load.seen is not None and _is_open(load.seen))
    turn.change(load=replace(load, report=report, looked_linked=linked), build=build_of(report) or turn.state.build)
    released = _judge(turn)
    return released or linked is not load.looked_linked


def take_unacknowledged(turn: SessionTurn, recipients: int) -> bool:
    """See `inputs.SendsUnacknowledged`. True as of `take_report`."""
    turn.change(load=replace(turn.state.load, unacknowledged=recipients))
    return _judge(turn)


def take_silence(turn: SessionTurn, messages: int) -> None:
    """See `inputs.InboundSilent`: it is counted over the load."""
    load = turn.state.load
    turn.change(load=replace(load, silent_messages=load.silent_messages + messages))
    _judge(turn)


def take_reload(turn: SessionTurn) -> None:
    """The page loaded itself anew: once is its right, again and again is a version that WhatsApp refuses."""
    now = turn.now.steady_ms
    reloads = (*(at for at in turn.state.reloads if now - at < deadlines.RELOAD_WINDOW_MS), now)
    turn.warn("page.reloaded", times=len(reloads))
    if len(reloads) >= deadlines.MAX_RELOADS:
        verdict = judge(None, Behaviour(reload_loop=True), linked=False)
        if verdict is not None:
            _tell(turn, verdict)
        turn.change(reloads=())
        _leave_refused(turn, len(reloads))
        return
    turn.change(reloads=reloads, relaunch_at_ms=None, status_since_ms=now, load=new_load(now))
    _begin_anew(turn, "page_reloaded")


def _leave_refused(turn: SessionTurn, reloads: int) -> None:
    """The build that the page loads is one that WhatsApp refuses; where it was pinned, the served one may do."""
    if turn.state.pinned and turn.state.rules.pin_fallback:
        turn.warn("pin.refused", reloads=reloads, fallback=True)
        turn.change(pin_refused=True)
        launch(turn, _PIN_REFUSED)
    else:
        fail_run(turn, _PIN_REFUSED if turn.state.pinned else _REFUSED, detail=f"{reloads} reloads")


def is_builds_fault(turn: SessionTurn) -> bool:
    """A launch took too long. True: so did those before, on pages that answer; then it is held instead."""
    load = turn.state.load
    if turn.state.snapshot.status is not SessionStatus.INIT or load.report is None or load.report.full_ready_ms:
        return False
    turn.change(unready_loads=turn.state.unready_loads + 1)
    _judge(turn)
    return turn.state.load.held


def _judge(turn: SessionTurn) -> bool:
    """Judges the load anew and acts on it. True: it is held no longer."""
    load = turn.state.load
    behaviour = Behaviour(
        unready_loads=turn.state.unready_loads, unacknowledged=load.unacknowledged, silent_messages=load.silent_messages
    )
    verdict = judge(load.report, behaviour, linked=load.looked_linked)
    if verdict is None:
        return False
    turn.change(load=replace(load, verdict=verdict))
    if load.looked_linked or verdict.standing is not Standing.OK:
        _tell(turn, verdict)  # that a page at its code works says nothing of sending
    if verdict.standing is Standing.BROKEN or (load.looked_linked and verdict.holds_sender):
        _hold(turn, verdict)
        return False
    if load.held:
        _release(turn)
        return True
    return False


def _tell(turn: SessionTurn, verdict: Verdict) -> None:
    """To the log, and to the other sessions."""
    load, build = turn.state.load, turn.state.build
    if build is None:
        return
    if verdict != load.recorded:
        log = turn.info if verdict.standing is Standing.OK else turn.warn
        log("build.judged", build=build.build_id, verdict=verdict.words, reasons=list(verdict.reasons))
    turn.change(load=replace(load, recorded=verdict))
    turn.do(do.RecordVerdict(build, verdict))


def _hold(turn: SessionTurn, verdict: Verdict) -> None:
    state, load = turn.state, turn.state.load
    if not load.held:
        wait_ms = round(1000 * deadlines.HOLD_BACKOFF.jittered_s(state.holds + 1, turn.rng))
        turn.change(
            load=replace(load, held=True, probe_at_ms=turn.now.steady_ms + HELD_LOOK_MS),
            holds=state.holds + 1,
            relaunch_at_ms=turn.now.steady_ms + wait_ms,
            waiting_since_ms=None,
        )
        turn.warn("session.held", verdict=verdict.words, retry_s=wait_ms // 1000)
    login = login_of(load.seen, state.snapshot) if load.seen is not None and load.looked_linked else {}
    move(turn, SessionEvent.FAILED, CHANGED, error=CHANGED, **NO_CODE, **login)


def _release(turn: SessionTurn) -> None:
    turn.info("session.released")
    turn.change(load=replace(turn.state.load, held=False), relaunch_at_ms=None)
    _begin_anew(turn, "released")


def _begin_anew(turn: SessionTurn, cause: str) -> None:
    """As after a launch: what the page shows decides, whatever stood before."""
    move(turn, SessionEvent.LAUNCHED, cause, error="", **NO_CODE)


def _is_open(seen: Observation) -> bool:
    reading = read(seen)
    return reading is not None and reading.event is SessionEvent.OPENED
