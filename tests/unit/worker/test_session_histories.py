"""The session under any history: what it must never do, and that READY can always be reached again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_worker.engine.port import Limits, MissingName, Observation, StreamMode
from session_worker.session import actions as do
from session_worker.session import inputs as on
from session_worker.session.deadlines import MAX_RECOVERIES
from session_worker.session.reducer import step
from session_worker.session.state import State
from session_worker.turn import Now
from shared.builds.verdict import Capability
from shared.transitions.session import QrStatus, SessionStatus
from tests.unit.worker.session_world import AT_CODE, OPEN, QR_WAIT_MS, SEND_IS_GONE, RuleBroken, Step, World

Happening = tuple[str, tuple[object, ...]]

PAGES: list[Observation] = [
    OPEN,
    AT_CODE,
    replace(AT_CODE, code="2@b"),
    replace(AT_CODE, code=None, socket="UNPAIRED_IDLE"),
    replace(OPEN, mode=StreamMode.SYNCING, progress=3),
    replace(OPEN, online=False),
    replace(OPEN, mode=StreamMode.CONFLICT),
    replace(OPEN, mode=StreamMode.TOS_BLOCK),
    replace(OPEN, loaded=False),
    replace(OPEN, problem="STORAGE_FAILED"),
    replace(OPEN, pairing_id="p2"),
]
ASKED: list[on.Input] = [
    on.ConnectAsked(False),
    on.ConnectAsked(True),
    on.RelaunchAsked("MESSAGE_STUCK"),
    on.RestrictionTold(5, 7, Limits(new_chats_allowed=3, new_chats_used=1, cycle_ends_ms=9)),
    on.StopAsked(False, "disconnect"),
    on.StopAsked(True, "disconnect"),
]
BLIND = MissingName("Socket", Capability.SESSION, "not found", has_fallback=False)
HAPPENINGS: st.SearchStrategy[Happening] = st.one_of(
    st.tuples(st.just("show"), st.tuples(st.sampled_from(PAGES))),
    st.tuples(st.just("page"), st.tuples(st.sampled_from(PAGES))),  # it changes, and only a probe finds out
    st.tuples(st.just("pass_time"), st.tuples(st.sampled_from([250, 11_000, 61_000, 130_000]))),
    st.tuples(st.just("tell"), st.tuples(st.sampled_from(ASKED[:-2]))),
    st.tuples(st.just("tell"), st.tuples(st.sampled_from(ASKED))),
    st.tuples(st.just("launches_fail"), st.tuples(st.sampled_from(["", "BROWSER_FAILED", "BROWSER_NOT_FOUND"]))),
    st.tuples(st.just("page_silent"), st.tuples(st.booleans())),
    st.tuples(
        st.just("echo"), st.tuples(st.integers(0, 5), st.sampled_from(["observed", "failed", "ended", "removed"]))
    ),
    st.tuples(st.sampled_from(["crash", "remove_login", "reload"]), st.just(())),
    st.tuples(st.just("missing"), st.tuples(st.sampled_from([(), (SEND_IS_GONE,), (BLIND,)]))),
    st.tuples(st.just("behave"), st.tuples(st.sampled_from(["sends", "silence"]), st.sampled_from([0, 1, 5]))),
)


def play(history: list[Happening], reducer: Step = step) -> World:
    """Lives through a history, then through a time in which everything works. Raises RuleBroken."""
    world = World(reducer)
    world.tell(on.Started())
    for name, arguments in history:
        if callable(getattr(world, name)):
            getattr(world, name)(*arguments)
        else:
            setattr(world, name, *arguments)
    world.recover()
    return world


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(HAPPENINGS, max_size=25))
def test_every_history_keeps_the_rules_and_leads_back_to_ready(history: list[Happening]) -> None:
    play(history)


# Each rule can be broken: reducers with one mistake each, and a history in which it shows.

Stepped = tuple[State, tuple[do.Action, ...]]


def _after(change: Callable[[State, Stepped], Stepped]) -> Step:
    def wrong(state: State, event: on.Input, now: Now, rng: random.Random) -> Stepped:
        return change(state, step(state, event, now, rng))

    return wrong


def _without(kind: type) -> Step:
    return _after(lambda _, done: (done[0], tuple(action for action in done[1] if not isinstance(action, kind))))


def _takes_echoes_for_news(state: State, event: on.Input, now: Now, rng: random.Random) -> Stepped:
    if isinstance(event, on.FromBrowser) and state.browser_run:
        event = replace(event, browser_run=state.browser_run)
    return step(state, event, now, rng)


def _skips_the_table(state: State, done: Stepped) -> Stepped:
    """A browser that ended is ERROR at once."""

    def wrong(action: do.Action) -> do.Action:
        match action:
            case do.WriteSnapshot(snapshot, do.Transition(after=SessionStatus.DISCONNECTED) as transition):
                snapshot = replace(snapshot, status=SessionStatus.ERROR)
                return do.WriteSnapshot(snapshot, replace(transition, after=SessionStatus.ERROR))
        return action

    return done[0], tuple(map(wrong, done[1]))


def _never_relaunches(state: State, done: Stepped) -> Stepped:
    return replace(done[0], relaunch_at_ms=None), done[1]


def _keeps_the_channel(state: State, done: Stepped) -> Stepped:
    return done[0], tuple(action for action in done[1] if action != do.ChangeChannel(None))


def _goes_on_after_the_end(state: State, event: on.Input, now: Now, rng: random.Random) -> Stepped:
    return step(replace(state, ended=False), event, now, rng)


TICK = ("pass_time", (1_000,))
STOP = ("tell", (on.StopAsked(True, "disconnect"),))


@pytest.mark.parametrize(
    ("wrong", "rule", "history"),
    [
        (_without(do.EndBrowser), "a second browser", [TICK, ("tell", (on.RelaunchAsked("restart"),))]),
        (_without(do.EndBrowser), "wiped under a living browser", [TICK, STOP]),
        (_after(_keeps_the_channel), "while it is sent through", [TICK, ("tell", (on.RelaunchAsked("restart"),))]),
        (_after(_skips_the_table), "the table does not know", [TICK, ("crash", ())]),
        (_after(_never_relaunches), "a dead end", [TICK, ("crash", ()), TICK, ("crash", ())]),
        (_without(do.WriteSnapshot), "that nobody was told", []),
        (_goes_on_after_the_end, "after the end", [TICK, STOP, TICK]),
        (
            _takes_echoes_for_news,
            "an echo ended a living browser",
            [TICK, ("tell", (on.RelaunchAsked("restart"),)), TICK, ("echo", (0, "ended"))],
        ),
    ],
)
def test_a_reducer_with_a_mistake_is_found_out(wrong: Step, rule: str, history: list[Happening]) -> None:
    play(history)
    with pytest.raises(RuleBroken, match=rule):
        play(history, wrong)


# Single steps of the way.


def test_a_browser_that_always_fails_is_given_up_and_tried_again_slowly() -> None:
    world = World(launches_fail="BROWSER_FAILED")
    world.tell(on.Started())
    world.pass_time(60_000)
    assert len(world.runs) == 1 + MAX_RECOVERIES
    assert world.written.status is SessionStatus.ERROR
    assert world.written.last_error_code == "BROWSER_FAILED"
    world.pass_time(360_000)
    assert len(world.runs) > 1 + MAX_RECOVERIES


def test_what_only_a_person_can_change_is_not_tried_again() -> None:
    world = World(page=replace(OPEN, mode=StreamMode.TOS_BLOCK))
    world.tell(on.Started())
    world.pass_time(1_000_000)
    assert (len(world.runs), world.written.last_error_code) == (1, "ACCOUNT_BANNED")


def test_a_page_that_hangs_is_found_by_its_silence() -> None:
    world = World()
    world.tell(on.Started())
    world.pass_time(1_000)
    world.page_silent = True
    world.pass_time(13_000)
    assert len(world.runs) == 2


def test_a_code_that_nobody_scans_ends_the_session() -> None:
    world = World(page=AT_CODE)
    world.tell(on.Started())
    world.pass_time(QR_WAIT_MS - 1_000)
    assert (world.written.status, world.written.qr_status) == (SessionStatus.QR_REQUIRED, QrStatus.GENERATED)
    world.pass_time(3_000)
    assert (world.ends, world.withdrawn) == (["QR_NOT_SCANNED"], ["QR_NOT_SCANNED"])
    assert (world.written.status, world.written.qr_string) == (SessionStatus.DISCONNECTED, "")


def test_a_new_code_is_asked_for_where_whatsapp_stopped_showing_one() -> None:
    world = World(page=AT_CODE)
    world.tell(on.Started())
    world.pass_time(1_000)
    asked = do.RenewCode(world.running)
    now = Now(world.now_ms, world.now_ms)
    assert asked not in step(world.state, on.ConnectAsked(True), now, world.rng)[1]
    world.show(replace(AT_CODE, code=None, socket="UNPAIRED_IDLE"))
    assert asked in step(world.state, on.ConnectAsked(True), now, world.rng)[1]
    assert asked not in step(world.state, on.ConnectAsked(False), now, world.rng)[1]


def test_a_removed_login_is_forgotten_and_a_code_is_shown() -> None:
    world = World()
    world.tell(on.Started())
    world.pass_time(1_000)
    assert world.written.phone_number == "5491150000051"
    assert world.channel is not None
    world.remove_login()
    world.pass_time(1_000)
    assert (world.written.status, world.written.phone_number, world.wiped) == (SessionStatus.QR_REQUIRED, "", 1)
    assert world.channel is None
    # and the next phone is another login
    world.show(replace(OPEN, phone_number="5491150000099", pairing_id="p9"))
    assert world.channel is not None
    assert world.channel.login_id == "5491150000099/p9"
    assert world.written.qr_status is QrStatus.USED


def owing(login_id: str, page: Observation = OPEN) -> World:
    """A session that starts and whose phone is to be unlinked."""
    world = World(page=page)
    world.state = replace(world.state, owed_logout=login_id)
    world.tell(on.Started())
    world.pass_time(1_000)
    return world


@pytest.mark.parametrize("login_id", ["", "5491150000051/p1"])
def test_an_owed_logout_is_done_before_anything_is_sent(login_id: str) -> None:
    world = owing(login_id, replace(OPEN, mode=StreamMode.SYNCING))
    assert (world.logouts_done, world.channel) == ([], None)
    world.page = AT_CODE  # of the browser that follows
    world.tell(on.PageObserved(world.running, OPEN))
    world.pass_time(1_000)
    assert (len(world.unlinked), world.wiped, world.logouts_done) == (1, 1, ["logout"])
    assert (world.written.status, world.written.phone_number) == (SessionStatus.QR_REQUIRED, "")
    # and the next phone stays
    world.show(replace(OPEN, phone_number="5491150000099", pairing_id="p9"))
    world.pass_time(1_000)
    assert world.channel is not None
    assert len(world.unlinked) == 1


@pytest.mark.parametrize(("page", "cause"), [(AT_CODE, "no login"), (OPEN, "another login")])
def test_an_owed_logout_of_a_login_that_is_gone_is_over(page: Observation, cause: str) -> None:
    world = owing("5491150000051/earlier", page)
    assert (world.logouts_done, world.unlinked, world.wiped) == ([cause], [], 0)
    assert (world.channel is not None) == (page is OPEN)


def test_a_stop_with_logout_is_no_longer_owed() -> None:
    world = owing("", replace(OPEN, mode=StreamMode.SYNCING))
    world.tell(on.StopAsked(True, "disconnect"))
    assert (len(world.unlinked), world.wiped, world.logouts_done) == (1, 1, ["disconnect"])


def test_a_sync_that_goes_on_may_take_longer_than_one_that_stands_still() -> None:
    syncing = replace(OPEN, mode=StreamMode.SYNCING)
    world = World(page=syncing)
    world.tell(on.Started())
    for progress in range(1, 5):
        world.pass_time(100_000)
        world.show(replace(syncing, progress=progress))
    assert (len(world.runs), world.written.status) == (1, SessionStatus.AUTHENTICATED)
    world.pass_time(200_000)
    assert len(world.runs) > 1
