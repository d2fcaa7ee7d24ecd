"""Browser runs: one begins, ends, or is of no use any more. Pure."""

from __future__ import annotations

from session_worker.session import actions as do
from session_worker.session import deadlines
from session_worker.session.moves import NO_CODE, SessionTurn, move
from session_worker.session.state import new_load
from shared.transitions.session import SessionEvent

PROBE_MS = 10_000  # READY is asked for its evidence this often
PROBE_AGAIN_MS = 1_000  # after one that was not answered
QUIET_PROBES = 2  # unanswered in a row: the page hangs


def launch(turn: SessionTurn, cause: str) -> None:
    """A new browser run. The one before is ended first: two on one profile destroy the login."""
    end_browser(turn, logout=False)
    browser_run = f"{turn.rng.getrandbits(96):024x}"
    turn.change(
        browser_run=browser_run,
        status_since_ms=turn.now.steady_ms,  # each launch has its own time, also where the last one had not ended
        load=new_load(turn.now.steady_ms),
        progress=0,
        relaunch_at_ms=None,
        unanswered=0,
        waiting_since_ms=None,
    )
    move(
        turn,
        SessionEvent.LAUNCHED,
        cause,
        browser_run=browser_run,
        **NO_CODE,
        qr_attempts=0,
    )
    turn.do(do.LaunchBrowser(browser_run, turn.state.pinned))


def end_browser(turn: SessionTurn, *, logout: bool) -> None:
    browser_run = turn.state.browser_run
    if browser_run:
        turn.change(browser_run="")
        turn.do(do.EndBrowser(browser_run, logout))


def fail_run(turn: SessionTurn, code: str, *, detail: str = "") -> None:
    """This browser run is of no use any more: relaunch, or give up with a cause."""
    state, now = turn.state, turn.now.steady_ms
    verdict = deadlines.after_failure(state.recoveries, code, turn.rng)
    turn.warn("session.failed", code=code, detail=detail, recoveries=state.recoveries, step=verdict.step.value)
    end_browser(turn, logout=False)
    if verdict.step is deadlines.Step.GIVE_UP:
        wait_ms = deadlines.retry_from_error_ms(code, turn.rng)
        recoveries, event = 0, SessionEvent.FAILED
    else:
        wait_ms = verdict.wait_ms
        recoveries, event = state.recoveries + 1, SessionEvent.BROWSER_LOST
    turn.change(recoveries=recoveries, relaunch_at_ms=None if wait_ms is None else now + wait_ms, waiting_since_ms=None)
    move(turn, event, code, error=code, **NO_CODE)


def count_silence(turn: SessionTurn, code: str) -> None:
    """A page that hangs looks READY for ever; only its silence tells."""
    unanswered = turn.state.unanswered + 1
    turn.change(unanswered=unanswered)
    turn.warn("page.no_answer", times=unanswered, code=code)
    if unanswered >= QUIET_PROBES:
        fail_run(turn, "PAGE_FAILED", detail="the page does not answer")
    else:
        turn.change(probe_at_ms=turn.now.steady_ms + PROBE_AGAIN_MS)
