"""The session's table: total over every pair, and free of dead ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.transitions.session import FACTS, TABLE, SessionEvent, SessionStatus, step

S, E = SessionStatus, SessionEvent


def test_every_pair_has_an_answer() -> None:
    assert set(TABLE) == {(status, event) for status in SessionStatus for event in SessionEvent}
    assert set(FACTS) == set(SessionStatus)


@pytest.mark.parametrize(
    ("status", "event", "after"),
    [
        (S.DISCONNECTED, E.LAUNCHED, S.INIT),
        (S.INIT, E.CODE_SHOWN, S.QR_REQUIRED),
        (S.QR_REQUIRED, E.CODE_IDLE, S.QR_REQUIRED),
        (S.QR_REQUIRED, E.LINKED, S.AUTHENTICATED),
        (S.AUTHENTICATED, E.OPENED, S.READY),
        (S.INIT, E.OPENED, S.READY),  # a stored login: `authenticated` never fires
        (S.READY, E.CONNECTION_LOST, S.DISCONNECTED),
        (S.DISCONNECTED, E.OPENED, S.READY),
        (S.AUTHENTICATED, E.CONNECTION_LOST, S.AUTHENTICATED),
        (S.READY, E.LOGGED_OUT, S.INIT),
        (S.READY, E.BROWSER_LOST, S.DISCONNECTED),
        (S.ERROR, E.BROWSER_LOST, S.ERROR),
        (S.ERROR, E.LAUNCHED, S.INIT),
        (S.READY, E.STOPPED, S.DISCONNECTED),
    ],
)
def test_steps_of_the_contract(status: SessionStatus, event: SessionEvent, after: SessionStatus) -> None:
    assert step(status, event) is after


@given(st.lists(st.sampled_from(list(SessionEvent)), max_size=60))
def test_a_walk_never_ends_where_ready_cannot_be_reached(walk: list[SessionEvent]) -> None:
    status = SessionStatus.DISCONNECTED
    for event in walk:
        status = step(status, event)
    # when a browser is launched and the page opens, whatever happened before
    assert step(step(status, E.LAUNCHED), E.OPENED) is S.READY


@given(st.sampled_from(list(SessionStatus)), st.sampled_from(list(SessionEvent)))
def test_only_evidence_makes_ready(status: SessionStatus, event: SessionEvent) -> None:
    if step(status, event) is S.READY and status is not S.READY:
        assert event is E.OPENED
