"""What follows a failure, how long anything may last, and what a series of refusals means."""

from __future__ import annotations

import random

import pytest

from session_worker.host.children import RESTART_BACKOFF, Child, Restarts
from session_worker.sending.attempts import send_backoff_ms
from session_worker.sending.restriction import PAUSE_MS, Restriction
from session_worker.session.deadlines import (
    DEADLINE_CODES,
    DEADLINES_MS,
    MAX_RECOVERIES,
    Step,
    after_failure,
    overdue,
    retry_from_error_ms,
)
from shared.texts import error_text
from shared.transitions.session import SessionStatus

RNG = random.Random(7)


def test_three_relaunches_then_a_person_is_told() -> None:
    verdicts = [after_failure(n, "PAGE_FAILED", RNG) for n in range(MAX_RECOVERIES + 1)]
    assert [verdict.step for verdict in verdicts] == [Step.RELAUNCH] * MAX_RECOVERIES + [Step.GIVE_UP]
    assert verdicts[0].wait_ms == 0
    assert 0 < verdicts[1].wait_ms < verdicts[2].wait_ms * 4


@pytest.mark.parametrize("code", ["ACCOUNT_BANNED", "ACCOUNT_LOCKED", "VERSION_UNSUPPORTED", "BROWSER_NOT_FOUND"])
def test_what_only_a_person_can_change_is_not_retried(code: str) -> None:
    assert after_failure(0, code, RNG).step is Step.GIVE_UP
    assert retry_from_error_ms(code, RNG) is None
    assert error_text(code) != code


def test_what_may_pass_is_retried_slowly() -> None:
    wait = retry_from_error_ms("PAGE_FAILED", RNG)
    assert wait is not None
    assert wait >= 60_000


@pytest.mark.parametrize("status", list(SessionStatus))
def test_deadlines(status: SessionStatus) -> None:
    limit = DEADLINES_MS.get(status)
    if limit is None:
        assert not overdue(status, 10**12)
        return
    assert not overdue(status, limit)
    assert overdue(status, limit + 1)
    assert error_text(DEADLINE_CODES[status]) != DEADLINE_CODES[status]


def test_retries_of_a_message_wait_longer_each_time() -> None:
    waits = [send_backoff_ms(attempt, random.Random(1)) for attempt in range(1, 8)]
    assert waits[:4] == sorted(waits[:4])
    assert max(waits) <= 72_000


def test_one_session_that_keeps_failing_backs_off_alone() -> None:
    restarts = Restarts(random.Random(3))
    child = Child(51, 1, "t", started_s=100.0)
    waits = [restarts.failed(child, 101.0) for _ in range(12)]
    assert waits[0] == 0  # most crashes are single ones
    assert max(waits) <= RESTART_BACKOFF.max_s * 1.5
    assert not restarts.due(51, 101.0)
    assert restarts.due(52, 101.0)
    # and one that had lived long starts anew
    assert restarts.failed(child, 100.0 + 3_600) == 0


def test_a_series_of_refusals_is_a_restriction() -> None:
    state = Restriction()
    for refused in (True, False, True, False):
        state = state.after(refused=refused, now_ms=5)
    assert not state.active(5)
    state = state.after(refused=True, now_ms=6)
    assert state.active(6)
    assert state.active(6 + PAUSE_MS - 1)
    assert not state.active(6 + PAUSE_MS)
