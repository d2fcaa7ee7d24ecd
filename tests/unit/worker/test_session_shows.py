"""What a session shows of itself beside its status: that sending pauses, and whose phone it is."""

from __future__ import annotations

from dataclasses import replace

from session_worker.session import inputs as on
from shared.transitions.session import SessionStatus
from tests.unit.worker.session_world import OPEN, World

PAUSED = "SENDING_PAUSED"


def a_ready_session() -> World:
    world = World()
    world.tell(on.Started())
    world.pass_time(5_000)
    assert world.written.status is SessionStatus.READY
    return world


def test_ready_shows_that_sending_pauses_as_long_as_it_does() -> None:
    world = a_ready_session()
    world.tell(on.SendingPaused(True))
    assert world.written.last_error_code == PAUSED
    assert world.written.last_error_message
    # also after the page was looked at again, after it lost its connection, and on the next page
    world.pass_time(30_000)
    assert (world.written.status, world.written.last_error_code) == (SessionStatus.READY, PAUSED)
    world.show(replace(OPEN, online=False))
    world.show(OPEN)
    world.pass_time(1_000)
    assert (world.written.status, world.written.last_error_code) == (SessionStatus.READY, PAUSED)
    world.tell(on.SendingPaused(False))
    assert world.written.last_error_code == ""
    assert world.written.last_error_message == ""


def test_a_pause_told_while_it_is_not_ready_is_shown_once_it_is() -> None:
    world = a_ready_session()
    world.show(replace(OPEN, online=False))
    world.tell(on.SendingPaused(True))
    assert world.written.last_error_code != PAUSED
    world.show(OPEN)
    assert world.written.last_error_code == PAUSED


def test_of_another_pairing_no_number_stays() -> None:
    # given a session whose phone is known
    world = a_ready_session()
    assert world.written.phone_number == OPEN.phone_number
    # what the same pairing does not show stays
    world.show(replace(OPEN, phone_number="", push_name=""))
    assert (world.written.phone_number, world.written.login_id) == (OPEN.phone_number, f"{OPEN.phone_number}/p1")
    # then another pairing does not say whose it is: it is nobody's, and not the earlier phone's
    world.show(replace(OPEN, phone_number="", push_name="", pairing_id="p2"))
    assert (world.written.phone_number, world.written.login_id) == ("", "/p2")
