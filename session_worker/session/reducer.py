"""Deciding of the session: `step(state, input, now, rng)` says what follows, as data. Pure.

Which status follows which is said by the table in `shared.transitions.session` alone; here is what is done about it.
"""

from __future__ import annotations

import random
from dataclasses import replace

from session_worker.engine.port import Observation
from session_worker.session import actions as do
from session_worker.session import deadlines, holding
from session_worker.session import inputs as on
from session_worker.session.moves import NO_CODE, NO_LOGIN, SessionTurn, login_of, move, show_pause, write
from session_worker.session.reading import Reading, read
from session_worker.session.runs import PROBE_MS, count_silence, end_browser, fail_run, launch
from session_worker.session.state import State, new_load
from session_worker.turn import Now
from shared.transitions.session import QrStatus, SessionEvent, SessionStatus

HEARTBEAT_MS = 3_000


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
            launch(turn, "connect")
        case on.ConnectAsked(refresh_code):
            _connect(turn, refresh_code)
        case on.RelaunchAsked(cause):
            launch(turn, cause)
        case on.StopAsked(logout, cause):
            _stop(turn, logout, cause)
        case on.RestrictionTold() as told:
            _take_restriction(turn, told)
        case on.SendingPaused(paused):
            turn.change(sending_paused=paused)
            show_pause(turn)
        # The browser.
        case on.FromBrowser(browser_run) if browser_run != turn.state.browser_run:
            pass  # an echo of an earlier browser run
        case on.LaunchBegan():
            # The deadline of a launch and the first probes count from here.
            now = turn.now.steady_ms
            turn.change(status_since_ms=now, probe_at_ms=now + PROBE_MS, load=new_load(now))
        case on.LaunchFailed(_, code, detail):
            fail_run(turn, code, detail=detail)
        case on.PageObserved(_, seen, probed):
            if probed:
                turn.change(unanswered=0)
            _take_observation(turn, seen)
        case on.ProbeFailed(_, code):
            count_silence(turn, code)
        case on.BuildProbed(_, report):
            turn.change(unanswered=0)
            _look_again(turn, holding.take_report(turn, report))
        case on.BuildProbeFailed(_, code):
            holding.ask_again(turn, code)
        case on.PageReloaded():
            holding.take_reload(turn)
        case on.SendsUnacknowledged(_, recipients):
            _look_again(turn, holding.take_unacknowledged(turn, recipients))
        case on.InboundSilent(_, messages):
            holding.take_silence(turn, messages)
        case on.LoginRemoved(_, reason):
            _forget_login(turn, reason)
        case on.BrowserEnded(_, reason):
            fail_run(turn, "BROWSER_FAILED", detail=reason)


def _look_at_clock(turn: SessionTurn) -> None:
    """At most one thing that is due; then the heartbeat."""
    state, now = turn.state, turn.now.steady_ms
    status = state.snapshot.status
    lasted_ms = now - state.status_since_ms
    if state.relaunch_at_ms is not None and now >= state.relaunch_at_ms:
        launch(turn, "recovery")
    elif state.relaunch_at_ms is None and deadlines.overdue(status, lasted_ms):
        if not holding.is_builds_fault(turn):
            fail_run(turn, deadlines.DEADLINE_CODES[status])
    elif state.waiting_since_ms is not None and now - state.waiting_since_ms > state.rules.qr_wait_limit_ms:
        _stop(turn, False, "QR_NOT_SCANNED")
    elif state.browser_run and now >= state.load.probe_at_ms:
        holding.ask(turn)
    elif state.browser_run and now >= state.probe_at_ms and status is not SessionStatus.INIT and not state.load.held:
        turn.change(probe_at_ms=now + PROBE_MS)
        turn.do(do.Probe(state.browser_run))
    if status is SessionStatus.READY and lasted_ms >= 1000 * deadlines.RELAUNCH_BACKOFF.steady_s:
        turn.change(recoveries=0, holds=0)
    if not turn.state.ended and now - turn.state.written_at_ms >= HEARTBEAT_MS:
        write(turn, None)


# What others ask for.


def _connect(turn: SessionTurn, refresh_code: bool) -> None:
    """Idempotent: starts what does not run; asks for a new code where WhatsApp stopped showing one."""
    state = turn.state
    if not state.browser_run or holding.may_reload(turn):
        turn.change(recoveries=0)
        launch(turn, "connect")
    elif refresh_code and state.snapshot.status is SessionStatus.QR_REQUIRED:
        if state.waiting_since_ms is not None:
            turn.change(waiting_since_ms=turn.now.steady_ms)
        if state.snapshot.qr_status is not QrStatus.GENERATED:
            turn.do(do.RenewCode(state.browser_run))


def _stop(turn: SessionTurn, logout: bool, cause: str) -> None:
    """The end. Interrupts a launch that hangs."""
    end_browser(turn, logout=logout)
    if logout:
        turn.do(do.WipeProfile())
        _unlinked(turn, cause)
    turn.change(relaunch_at_ms=None, ended=True)
    code = cause if cause == "QR_NOT_SCANNED" else ""
    login = NO_LOGIN if logout else {}
    move(turn, SessionEvent.STOPPED, cause, error=code, **NO_CODE, **login)
    if code:
        turn.do(do.Withdraw(code))
    turn.do(do.EndSession(cause))


# What the page says.


def _unlinked(turn: SessionTurn, cause: str) -> None:
    turn.change(owed_logout=None)
    turn.do(do.RecordUnlinked(cause))


def _take_owed_logout(turn: SessionTurn, seen: Observation, reading: Reading) -> None:
    """A logout that was asked for while no browser ran, before anything is sent; then a code is shown."""
    login_id = str(login_of(seen, turn.state.snapshot)["login_id"])
    if turn.state.owed_logout not in ("", login_id):
        _unlinked(turn, "another login")
        _take_login(turn, seen, reading)
        return
    turn.info("session.owed_logout")
    end_browser(turn, logout=True)
    turn.do(do.WipeProfile())
    _unlinked(turn, "logout")
    move(turn, SessionEvent.LOGGED_OUT, "logout", error="", **NO_CODE, **NO_LOGIN)
    launch(turn, "logout")


def _forget_login(turn: SessionTurn, reason: str) -> None:
    turn.warn("session.logged_out", reason=reason)
    end_browser(turn, logout=False)
    turn.do(do.WipeProfile())
    if turn.state.owed_logout is not None:
        _unlinked(turn, "LOGGED_OUT")
    move(turn, SessionEvent.LOGGED_OUT, "LOGGED_OUT", error="LOGGED_OUT", **NO_LOGIN)
    launch(turn, "logged_out")


def _look_again(turn: SessionTurn, again: bool) -> None:
    """The build lets more pass than before: what the page showed last counts now."""
    seen = turn.state.load.seen
    if again and seen is not None:
        _take_observation(turn, seen)


def _take_observation(turn: SessionTurn, seen: Observation) -> None:
    holding.see(turn, seen)
    reading = read(seen)
    if reading is None or not holding.lets_through(turn, reading.event):
        return
    match reading.event:
        case SessionEvent.FAILED:
            fail_run(turn, reading.code)
        case SessionEvent.CODE_SHOWN | SessionEvent.CODE_IDLE:
            _show_code(turn, seen, reading)
        case SessionEvent.OPENED if turn.state.owed_logout is not None:
            _take_owed_logout(turn, seen, reading)
        case SessionEvent.LINKED | SessionEvent.OPENED:
            _take_login(turn, seen, reading)
        case SessionEvent.CONFLICT:
            fail_run(turn, "TAKEN_OVER")
        case _:
            move(turn, reading.event, reading.event.value)


def _show_code(turn: SessionTurn, seen: Observation, reading: Reading) -> None:
    snapshot = turn.state.snapshot
    if turn.state.waiting_since_ms is None:
        turn.change(waiting_since_ms=turn.now.steady_ms)
    turn.change(recoveries=0)
    if turn.state.owed_logout is not None:
        _unlinked(turn, "no login")
    if reading.event is SessionEvent.CODE_IDLE:
        move(turn, reading.event, "code_idle", qr_status=QrStatus.EXPIRED, qr_string="", qr_expires_at=0)
        return
    code = seen.code or ""
    fresh = code != snapshot.qr_string
    move(
        turn,
        reading.event,
        "code_shown",
        qr_status=QrStatus.GENERATED,
        qr_string=code,
        qr_expires_at=(seen.code_expires_at_ms or 0) if fresh else snapshot.qr_expires_at,
        qr_attempts=snapshot.qr_attempts + 1 if fresh else snapshot.qr_attempts,
        **NO_LOGIN,
    )


def _take_login(turn: SessionTurn, seen: Observation, reading: Reading) -> None:
    before = turn.state.snapshot
    scanned = before.qr_status in (QrStatus.GENERATED, QrStatus.EXPIRED)
    turn.change(waiting_since_ms=None)
    move(
        turn,
        reading.event,
        reading.event.value,
        qr_status=QrStatus.USED if scanned else before.qr_status,
        qr_string="",
        qr_expires_at=0,
        **login_of(seen, before),
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
    write(turn, None)
