"""Deciding of the session: `step(state, input, now, rng)` says what follows, as data. Pure.

Which status follows which is said by the table in `shared.transitions.session` alone; here is what is done about it.
"""

from __future__ import annotations

import random
from dataclasses import replace

from session_worker.engine.port import Observation
from session_worker.session import actions as do
from session_worker.session import deadlines
from session_worker.session import inputs as on
from session_worker.session.reading import Reading, read
from session_worker.session.state import State
from session_worker.turn import Now, Turn
from shared.texts import error_text
from shared.transitions import session as session_state
from shared.transitions.session import QrStatus, SessionEvent, SessionStatus

HEARTBEAT_MS = 3_000
PROBE_MS = 10_000  # READY is asked for its evidence this often
PROBE_AGAIN_MS = 1_000  # after one that was not answered
QUIET_PROBES = 2  # unanswered in a row: the page hangs

SessionTurn = Turn[State, do.Action]


def step(state: State, event: on.Input, now: Now, rng: random.Random) -> tuple[State, tuple[do.Action, ...]]:
    """One input, and what has become due. Returns the state after it and what is to be done, in order."""
    if state.ended:
        return state, ()
    turn = SessionTurn(state, now, rng)
    _take(turn, event)
    if not turn.state.ended:
        _look_at_clock(turn)
    return turn.state, _with_channel(state, turn)


def _with_channel(before: State, turn: SessionTurn) -> tuple[do.Action, ...]:
    """Who sends hears first that it may no longer, and last that it may."""
    channel = turn.state.channel
    if channel == before.channel:
        return tuple(turn.actions)
    told = do.ChangeChannel(channel)
    return (told, *turn.actions) if channel is None else (*turn.actions, told)


def _take(turn: SessionTurn, event: on.Input) -> None:  # noqa: PLR0912 - one table, a row for each input
    match event:
        # The clock and others.
        case on.TimePassed():
            pass
        case on.Started():
            _launch(turn, "connect")
        case on.ConnectAsked(refresh_code):
            _connect(turn, refresh_code)
        case on.RelaunchAsked(cause):
            _launch(turn, cause)
        case on.StopAsked(logout, cause):
            _stop(turn, logout, cause)
        case on.RestrictionTold() as told:
            _take_restriction(turn, told)
        # The browser.
        case on.FromBrowser(browser_run) if browser_run != turn.state.browser_run:
            pass  # an echo of an earlier browser run
        case on.LaunchBegan():
            # The deadline of a launch and the first probe count from here.
            turn.change(status_since_ms=turn.now.steady_ms, probe_at_ms=turn.now.steady_ms + PROBE_MS)
        case on.LaunchFailed(_, code, detail):
            _fail_run(turn, code, detail=detail)
        case on.PageObserved(_, seen, probed):
            if probed:
                turn.change(unanswered=0)
            _take_observation(turn, seen)
        case on.ProbeFailed(_, code):
            _count_silence(turn, code)
        case on.LoginRemoved(_, reason):
            _forget_login(turn, reason)
        case on.BrowserEnded(_, reason):
            _fail_run(turn, "BROWSER_FAILED", detail=reason)


def _look_at_clock(turn: SessionTurn) -> None:
    """At most one thing that is due; then the heartbeat."""
    state, now = turn.state, turn.now.steady_ms
    status = state.snapshot.status
    lasted_ms = now - state.status_since_ms
    if state.relaunch_at_ms is not None and now >= state.relaunch_at_ms:
        _launch(turn, "recovery")
    elif state.relaunch_at_ms is None and deadlines.overdue(status, lasted_ms):
        _fail_run(turn, deadlines.DEADLINE_CODES[status])
    elif state.waiting_since_ms is not None and now - state.waiting_since_ms > state.rules.qr_wait_limit_ms:
        _stop(turn, False, "QR_NOT_SCANNED")
    elif state.browser_run and now >= state.probe_at_ms and status is not SessionStatus.INIT:
        turn.change(probe_at_ms=now + PROBE_MS)
        turn.do(do.Probe(state.browser_run))
    if status is SessionStatus.READY and lasted_ms >= 1000 * deadlines.RELAUNCH_BACKOFF.steady_s:
        turn.change(recoveries=0)
    if not turn.state.ended and now - turn.state.written_at_ms >= HEARTBEAT_MS:
        _write(turn, None)


# Browser runs.


def _launch(turn: SessionTurn, cause: str) -> None:
    """A new browser run. The one before is ended first: two on one profile destroy the login."""
    _end_browser(turn, logout=False)
    browser_run = f"{turn.rng.getrandbits(96):024x}"
    turn.change(
        browser_run=browser_run,
        status_since_ms=turn.now.steady_ms,  # each launch has its own time, also where the last one had not ended
        progress=0,
        relaunch_at_ms=None,
        unanswered=0,
        waiting_since_ms=None,
    )
    _move(
        turn,
        SessionEvent.LAUNCHED,
        cause,
        browser_run=browser_run,
        qr_status=QrStatus.NONE,
        qr_string="",
        qr_expires_at=0,
        qr_attempts=0,
    )
    turn.do(do.LaunchBrowser(browser_run))


def _end_browser(turn: SessionTurn, *, logout: bool) -> None:
    browser_run = turn.state.browser_run
    if browser_run:
        turn.change(browser_run="")
        turn.do(do.EndBrowser(browser_run, logout))


def _fail_run(turn: SessionTurn, code: str, *, detail: str = "") -> None:
    """This browser run is of no use any more: relaunch, or give up with a cause."""
    state, now = turn.state, turn.now.steady_ms
    verdict = deadlines.after_failure(state.recoveries, code, turn.rng)
    turn.warn("session.failed", code=code, detail=detail, recoveries=state.recoveries, step=verdict.step.value)
    _end_browser(turn, logout=False)
    if verdict.step is deadlines.Step.GIVE_UP:
        wait_ms = deadlines.retry_from_error_ms(code, turn.rng)
        recoveries, event = 0, SessionEvent.FAILED
    else:
        wait_ms = verdict.wait_ms
        recoveries, event = state.recoveries + 1, SessionEvent.BROWSER_LOST
    turn.change(recoveries=recoveries, relaunch_at_ms=None if wait_ms is None else now + wait_ms, waiting_since_ms=None)
    _move(turn, event, code, error=code, qr_status=QrStatus.NONE, qr_string="", qr_expires_at=0)


def _count_silence(turn: SessionTurn, code: str) -> None:
    """A page that hangs looks READY for ever; only its silence tells."""
    unanswered = turn.state.unanswered + 1
    turn.change(unanswered=unanswered)
    turn.warn("page.no_answer", times=unanswered, code=code)
    if unanswered >= QUIET_PROBES:
        _fail_run(turn, "PAGE_FAILED", detail="the page does not answer")
    else:
        turn.change(probe_at_ms=turn.now.steady_ms + PROBE_AGAIN_MS)


# What others ask for.


def _connect(turn: SessionTurn, refresh_code: bool) -> None:
    """Idempotent: starts what does not run; asks for a new code where WhatsApp stopped showing one."""
    state = turn.state
    if not state.browser_run:
        turn.change(recoveries=0)
        _launch(turn, "connect")
    elif refresh_code and state.snapshot.status is SessionStatus.QR_REQUIRED:
        if state.waiting_since_ms is not None:
            turn.change(waiting_since_ms=turn.now.steady_ms)
        if state.snapshot.qr_status is not QrStatus.GENERATED:
            turn.do(do.RenewCode(state.browser_run))


def _stop(turn: SessionTurn, logout: bool, cause: str) -> None:
    """The end. Interrupts a launch that hangs."""
    _end_browser(turn, logout=logout)
    if logout:
        turn.do(do.WipeProfile())
    turn.change(relaunch_at_ms=None, ended=True)
    code = cause if cause == "QR_NOT_SCANNED" else ""
    login = _NO_LOGIN if logout else {}
    _move(
        turn, SessionEvent.STOPPED, cause, error=code, qr_status=QrStatus.NONE, qr_string="", qr_expires_at=0, **login
    )
    if code:
        turn.do(do.Withdraw(code))
    turn.do(do.EndSession(cause))


# What the page says.


def _forget_login(turn: SessionTurn, reason: str) -> None:
    turn.warn("session.logged_out", reason=reason)
    _end_browser(turn, logout=False)
    turn.do(do.WipeProfile())
    _move(turn, SessionEvent.LOGGED_OUT, "LOGGED_OUT", error="LOGGED_OUT", **_NO_LOGIN)
    _launch(turn, "logged_out")


def _take_observation(turn: SessionTurn, seen: Observation) -> None:
    reading = read(seen)
    if reading is None:
        return
    match reading.event:
        case SessionEvent.FAILED:
            _fail_run(turn, reading.code)
        case SessionEvent.CODE_SHOWN | SessionEvent.CODE_IDLE:
            _show_code(turn, seen, reading)
        case SessionEvent.LINKED | SessionEvent.OPENED:
            _take_login(turn, seen, reading)
        case SessionEvent.CONFLICT:
            _fail_run(turn, "TAKEN_OVER")
        case _:
            _move(turn, reading.event, reading.event.value)


def _show_code(turn: SessionTurn, seen: Observation, reading: Reading) -> None:
    snapshot = turn.state.snapshot
    if turn.state.waiting_since_ms is None:
        turn.change(waiting_since_ms=turn.now.steady_ms)
    turn.change(recoveries=0)
    if reading.event is SessionEvent.CODE_IDLE:
        _move(turn, reading.event, "code_idle", qr_status=QrStatus.EXPIRED, qr_string="", qr_expires_at=0)
        return
    code = seen.code or ""
    fresh = code != snapshot.qr_string
    _move(
        turn,
        reading.event,
        "code_shown",
        qr_status=QrStatus.GENERATED,
        qr_string=code,
        qr_expires_at=(seen.code_expires_at_ms or 0) if fresh else snapshot.qr_expires_at,
        qr_attempts=snapshot.qr_attempts + 1 if fresh else snapshot.qr_attempts,
        **_NO_LOGIN,
    )


def _take_login(turn: SessionTurn, seen: Observation, reading: Reading) -> None:
    before = turn.state.snapshot
    scanned = before.qr_status in (QrStatus.GENERATED, QrStatus.EXPIRED)
    turn.change(waiting_since_ms=None)
    _move(
        turn,
        reading.event,
        reading.event.value,
        qr_status=QrStatus.USED if scanned else before.qr_status,
        qr_string="",
        qr_expires_at=0,
        phone_number=seen.phone_number or before.phone_number,
        push_name=seen.push_name or before.push_name,
        login_id=f"{seen.phone_number}/{seen.pairing_id}" if seen.pairing_id else before.login_id,
    )
    if seen.progress > turn.state.progress and turn.state.snapshot.status is SessionStatus.AUTHENTICATED:
        # Syncing goes on: it may take longer.
        turn.change(progress=seen.progress, status_since_ms=turn.now.steady_ms)


def _take_restriction(turn: SessionTurn, told: on.RestrictionTold) -> None:
    limits = told.limits
    turn.change(
        snapshot=replace(
            turn.state.snapshot,
            restricted_until=told.restricted_until_ms,
            limited_until=told.limited_until_ms,
            new_chats_allowed=limits.new_chats_allowed or 0,
            new_chats_used=limits.new_chats_used,
            new_chats_reset_at=limits.cycle_ends_ms,
        )
    )
    _write(turn, None)


# The snapshot.

_NO_LOGIN = {"phone_number": "", "push_name": "", "login_id": ""}


def _move(turn: SessionTurn, event: SessionEvent, cause: str, *, error: str | None = None, **changes: object) -> None:
    """One step of the state machine. error: a code to show, "" to clear, None to keep unless READY clears it."""
    before = turn.state.snapshot
    status = session_state.step(before.status, event)
    if status is SessionStatus.READY or error == "":
        changes |= {"last_error_code": "", "last_error_message": ""}
    elif error:
        text = error_text(error, turn.state.rules.language)
        changes |= {"last_error_code": error, "last_error_message": text}
    moved = status is not before.status
    if moved:
        changes |= {"status": status, "since": turn.now.wall_ms}
    after = replace(before, **changes)  # type: ignore[arg-type]
    if after == before:
        return
    turn.change(snapshot=after)
    if moved:
        turn.change(status_since_ms=turn.now.steady_ms)
        turn.info("session.moved", status=status.value, before=before.status.value, cause=cause)
    _write(turn, do.Transition(before.status, status, event, cause) if moved else None)


def _write(turn: SessionTurn, transition: do.Transition | None) -> None:
    turn.change(written_at_ms=turn.now.steady_ms)
    turn.do(do.WriteSnapshot(turn.state.snapshot, transition))
