"""What a session does about the build that its page loaded (session_worker/session/holding.py)."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from session_worker.engine.port import MissingName, Observation, StreamMode
from session_worker.session import actions as do
from session_worker.session import inputs as on
from session_worker.session.deadlines import DEADLINES_MS, MAX_RELOADS
from session_worker.session.reducer import step
from session_worker.session.state import State
from session_worker.turn import Now
from shared.builds.verdict import Capability
from shared.transitions.session import QrStatus, SessionStatus
from tests.unit.worker.session_world import AT_CODE, OPEN, SEND_IS_GONE, VERSION, RuleBroken, World

BLIND = MissingName("Socket", Capability.SESSION, "not found", has_fallback=False)
NO_MEDIA = MissingName("functions.uploadMedia", Capability.MEDIA, "not found", has_fallback=False)
MINUTE = 60_000


def _started(page: Observation = OPEN, missing: tuple[MissingName, ...] = (), **fields: object) -> World:
    world = World(page=page, missing=missing, **fields)  # type: ignore[arg-type]
    world.tell(on.Started())
    world.pass_time(1_000)
    return world


def _held(world: World) -> bool:
    snapshot = world.written
    return (snapshot.status, snapshot.last_error_code) == (SessionStatus.ERROR, "WHATSAPP_CHANGED")


def test_ready_comes_after_a_look_and_others_are_told() -> None:
    world = _started()

    assert world.written.status is SessionStatus.READY
    assert world.channel is not None
    assert [(build.web_version, verdict.words) for build, verdict in world.verdicts] == [(VERSION, "ok")]


def test_a_page_that_cannot_send_is_held_with_its_browser_and_its_login() -> None:
    world = _started(missing=(SEND_IS_GONE,))

    assert _held(world)
    assert world.channel is None
    assert (len(world.runs), world.running != "") == (1, True)
    assert world.written.phone_number == "5491150000051"
    assert "wa-js" in world.written.last_error_message
    assert world.verdicts[-1][1].words == "degraded: send"


def test_what_does_not_concern_sending_holds_nothing() -> None:
    world = _started(missing=(NO_MEDIA,))

    assert world.written.status is SessionStatus.READY
    assert world.verdicts[-1][1].words == "degraded: media"


def test_it_goes_on_by_itself_once_the_name_is_there_again() -> None:
    world = _started(missing=(SEND_IS_GONE,))
    world.missing = ()
    world.pass_time(MINUTE)

    assert (world.written.status, world.written.last_error_code) == (SessionStatus.READY, "")
    assert world.channel is not None
    assert len(world.runs) == 1


def test_a_held_page_is_loaded_anew_more_and_more_rarely() -> None:
    world = _started(missing=(SEND_IS_GONE,))
    world.pass_time(10 * MINUTE)
    early = len(world.runs)
    world.pass_time(110 * MINUTE)

    assert early in (2, 3)
    assert len(world.runs) - early < 8
    assert _held(world)


def test_a_later_load_that_is_whole_ends_it() -> None:
    world = _started(missing=(SEND_IS_GONE,))
    world.missing = ()
    world.tell(on.RelaunchAsked("BUILD_ADOPTED"))
    world.pass_time(1_000)

    assert world.written.status is SessionStatus.READY
    assert len(world.runs) == 2


def test_a_person_who_connects_has_it_loaded_anew_at_once() -> None:
    world = _started(missing=(SEND_IS_GONE,))
    world.tell(on.ConnectAsked(False))
    world.pass_time(1_000)

    assert len(world.runs) == 2
    assert _held(world)


def test_what_is_taken_away_under_a_living_page_is_found_by_the_slow_look() -> None:
    world = _started()
    world.pass_time(MINUTE)
    world.missing = (SEND_IS_GONE,)
    world.pass_time(13 * MINUTE)
    before = world.written.status
    world.pass_time(2 * MINUTE)

    assert (before, _held(world)) == (SessionStatus.READY, True)


def test_sends_without_an_acknowledgement_hold_it_until_another_load() -> None:
    world = _started()
    world.behave("sends", 3)
    world.pass_time(MINUTE)
    held = _held(world)
    world.pass_time(8 * MINUTE)

    assert held
    assert world.written.status is SessionStatus.READY
    assert len(world.runs) == 2


def test_silent_events_are_said_and_hold_nothing() -> None:
    world = _started()
    world.behave("silence", 2)
    few = world.verdicts[-1][1].words
    world.behave("silence", 1)

    assert world.written.status is SessionStatus.READY
    assert (few, world.verdicts[-1][1].words) == ("ok", "degraded: inbound")


def test_a_page_at_its_code_shows_it_though_it_could_not_send() -> None:
    world = _started(page=AT_CODE, missing=(SEND_IS_GONE,))
    shown = (world.written.status, world.written.qr_status)
    world.show(OPEN)

    assert shown == (SessionStatus.QR_REQUIRED, QrStatus.GENERATED)
    assert world.verdicts[:-1] == []  # that a page at its code has what it needs there says nothing of sending
    assert _held(world)


def test_a_page_at_its_code_that_is_blind_shows_none() -> None:
    world = _started(page=AT_CODE, missing=(BLIND,))
    world.show(replace(AT_CODE, code="2@other"))

    assert _held(world)
    assert (world.written.qr_status, world.written.qr_string) == (QrStatus.NONE, "")


def test_a_blind_page_stays_held_though_it_can_not_say_how_it_is() -> None:
    world = _started(page=AT_CODE, missing=(BLIND,))
    world.pass_time(2 * MINUTE)
    held, runs = _held(world), len(world.runs)
    world.page_silent = True
    world.pass_time(MINUTE)

    assert (held, runs) == (True, 1)
    assert len(world.runs) > 1  # one that does not answer at all is another matter


def test_pages_that_never_become_ready_are_held_after_the_third() -> None:
    world = _started(page=replace(AT_CODE, loaded=False, code=None))
    world.pass_time(2 * DEADLINES_MS[SessionStatus.INIT])
    before = world.written.last_error_code
    world.pass_time(2 * DEADLINES_MS[SessionStatus.INIT])

    assert before == "START_TIMEOUT"
    assert _held(world)
    assert "NOT_FULL_READY" in world.verdicts[-1][1].reasons
    assert len(world.runs) == 3


def test_a_page_that_reloads_once_is_looked_at_anew_before_it_sends() -> None:
    world = _started()
    world.tell(on.PageReloaded(world.running))
    during = (world.written.status, world.channel)
    world.show(OPEN)

    assert during == (SessionStatus.INIT, None)
    assert world.written.status is SessionStatus.READY
    assert len(world.verdicts) == 2


def test_a_build_that_comes_by_a_reload_is_held_if_it_must_be() -> None:
    world = _started()
    world.missing = (SEND_IS_GONE,)
    world.reload()
    world.pass_time(1_000)

    assert _held(world)


def test_a_page_that_reloads_on_and_on_is_left_with_its_cause_and_tried_again_slowly() -> None:
    world = _started(page=replace(OPEN, loaded=False, mode=StreamMode.OTHER))
    for _ in range(10):
        world.reload()
        world.pass_time(1_000)
    runs, snapshot = len(world.runs), world.written
    world.pass_time(2 * MINUTE)
    quiet = len(world.runs)
    world.page = OPEN
    world.pass_time(5 * MINUTE)

    assert (runs, quiet) == (1, 1)
    assert (snapshot.status, snapshot.last_error_code) == (SessionStatus.ERROR, "VERSION_REFUSED")
    assert (world.written.status, world.written.last_error_code) == (SessionStatus.READY, "")


def test_reloads_with_ready_in_between_are_no_loop() -> None:
    world = _started()
    for _ in range(2 * MAX_RELOADS):
        world.reload()
        world.pass_time(1_000)

    assert world.written.status is SessionStatus.READY
    assert len(world.runs) == 1


@pytest.mark.parametrize("missing", [(), (SEND_IS_GONE,)])
def test_a_reducer_that_does_not_look_is_found_out(missing: tuple[MissingName, ...]) -> None:
    def wrong(state: State, event: on.Input, now: Now, rng: random.Random) -> tuple[State, tuple[do.Action, ...]]:
        after, actions = step(replace(state, load=replace(state.load, looked_linked=True, held=False)), event, now, rng)
        return after, tuple(action for action in actions if not isinstance(action, do.ProbeBuild))

    with pytest.raises(RuleBroken, match="nobody looked at"):
        _started(missing=missing, step=wrong)
