"""A pinned build that WhatsApp refuses: its page reloads itself again and again, and the session says so or goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_worker.engine.port import StreamMode
from session_worker.session import inputs as on
from session_worker.session.deadlines import MAX_RELOADS
from session_worker.session.state import Rules, first_state
from shared.protocol.snapshot import Snapshot
from shared.transitions.session import SessionStatus
from tests.unit.worker.session_world import OPEN, QR_WAIT_MS, World

MINUTE = 60_000
NOT_LOADED = replace(OPEN, loaded=False, mode=StreamMode.OTHER)


def _pinned_world(*, fallback: bool) -> World:
    rules = Rules(QR_WAIT_MS, pinned=True, pin_fallback=fallback)
    world = World(state=first_state(rules, Snapshot(51), 1_000_000, 1_000_000), page=NOT_LOADED)
    world.tell(on.Started())
    return world


def _refuse(world: World) -> None:
    for _ in range(MAX_RELOADS):
        world.reload()
        world.pass_time(1_000)


def test_a_refused_pin_is_an_error_with_its_cause_and_is_tried_again_slowly() -> None:
    world = _pinned_world(fallback=False)
    _refuse(world)
    refused = world.written
    world.page = OPEN
    world.pass_time(2 * MINUTE)
    waiting = len(world.runs)
    world.pass_time(5 * MINUTE)

    assert (refused.status, refused.last_error_code) == (SessionStatus.ERROR, "PIN_REFUSED")
    assert "WHATSAPP_WEB_VERSION" in refused.last_error_message
    assert (waiting, world.written.status) == (1, SessionStatus.READY)
    assert world.pinned == [True, True]


def test_with_a_fallback_the_session_goes_on_with_what_is_served() -> None:
    world = _pinned_world(fallback=True)
    _refuse(world)
    world.show(OPEN)
    world.pass_time(1_000)
    world.tell(on.RelaunchAsked("restart"))
    world.pass_time(1_000)

    assert world.written.status is SessionStatus.READY
    assert world.pinned == [True, False, False]


def test_what_is_served_may_be_refused_too() -> None:
    world = _pinned_world(fallback=True)
    _refuse(world)
    _refuse(world)

    assert world.written.last_error_code == "VERSION_REFUSED"
    assert len(world.runs) == 2


@pytest.mark.parametrize("fallback", [True, False])
def test_a_pin_that_works_stays(fallback: bool) -> None:
    world = _pinned_world(fallback=fallback)
    world.show(OPEN)
    for _ in range(2 * MAX_RELOADS):  # each followed by READY
        world.page = OPEN
        world.reload()
        world.pass_time(1_000)
    world.crash()
    world.pass_time(5_000)

    assert world.written.status is SessionStatus.READY
    assert world.pinned == [True, True]


def test_a_pin_that_is_not_on_the_machine_is_an_error_at_once() -> None:
    rules = Rules(QR_WAIT_MS, pinned=True, pin_fallback=True)
    world = World(state=first_state(rules, Snapshot(51), 1_000_000, 1_000_000), launches_fail="PIN_NOT_FOUND")
    world.tell(on.Started())
    world.pass_time(MINUTE)

    assert (world.written.status, world.written.last_error_code) == (SessionStatus.ERROR, "PIN_NOT_FOUND")
    assert len(world.runs) == 1
