"""Deciding of acts: the page is told once, and an outcome is never guessed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from session_worker.acting import actions as do
from session_worker.acting import inputs as on
from session_worker.acting import state as at
from session_worker.acting.reducer import IN_DOUBT_MS, LOOK_MS, step
from session_worker.engine.acts import SeenAct
from session_worker.session.channel import Channel
from session_worker.turn import Log, Now
from shared.ledger.acts.acts import BEGIN_WITHIN_MS
from shared.protocol.acts import Act, ActEntry, ActKind, ActStatus
from shared.protocol.events import MessageUpdated
from shared.protocol.inbound import Change

WALL = 1_800_000_000_000
KEY = "true_5491123456789@c.us_3EB0A1"
ACT = Act("01A", 51, ActKind.EDIT, KEY, WALL, message_id="01M", text="chau")
CHANGE = MessageUpdated(KEY, Change.EDITED, WALL, "chau", "true_5491123456789@c.us_3EB0B2")
CHANNEL = Channel("run", "login", "5491150000051")
NEW_RUN = Channel("new run", "login", "5491150000051")
ASKED = ActEntry(ACT, ActStatus.ASKED)
DONE = do.End(ACT, ActStatus.DONE, change=CHANGE)


class World:
    """A state and what it asked for last."""

    def __init__(self) -> None:
        self.state = at.State()
        self.now_ms = 1_000

    def tell(self, event: on.Input) -> list[do.Call]:
        now = Now(WALL + self.now_ms, self.now_ms)
        self.state, actions = step(self.state, event, now, random.Random(1))
        return [one for one in actions if not isinstance(one, Log)]

    def wait(self, ms: int) -> list[do.Call]:
        self.now_ms += ms
        return self.tell(on.TimePassed())

    def in_doubt(self) -> None:
        """The page was told, and did not answer."""
        self.performing()
        assert self.tell(on.NotPerformed("PAGE_FAILED", certain=False)) == []

    def performing(self) -> None:
        assert self.tell(on.ChannelChanged(CHANNEL)) == [do.Look()]
        assert self.tell(on.Looked(ASKED)) == [do.Begin(ACT, "run")]
        assert self.tell(on.Begun("ok")) == [do.Perform(ACT, "run")]


@pytest.fixture
def world() -> World:
    return World()


def test_an_act_is_begun_performed_and_ended_and_the_next_is_looked_for(world: World) -> None:
    world.performing()
    assert world.tell(on.Performed(CHANGE)) == [DONE]
    assert world.tell(on.Ended()) == [do.Look()]
    assert world.tell(on.Looked(None)) == []
    assert world.wait(LOOK_MS - 1) == []
    assert world.wait(1) == [do.Look()]


def test_a_notification_has_it_looked_for_at_once(world: World) -> None:
    world.tell(on.ChannelChanged(CHANNEL))
    world.tell(on.Looked(None))
    assert world.tell(on.Notified()) == [do.Look()]


def test_without_a_channel_nothing_is_done(world: World) -> None:
    assert world.tell(on.Notified()) == []
    assert world.wait(LOOK_MS) == []
    assert world.state.wakes_at_ms is None


def test_what_waited_too_long_is_not_begun(world: World) -> None:
    world.tell(on.ChannelChanged(CHANNEL))
    late = replace(ACT, asked_at=WALL + world.now_ms - BEGIN_WITHIN_MS - 1)
    assert world.tell(on.Looked(ActEntry(late, ActStatus.ASKED))) == [do.End(late, ActStatus.FAILED, "EXPIRED")]


@pytest.mark.parametrize("answer", ["gone", "lost"])
def test_what_does_not_count_any_more_is_left_alone(world: World, answer: str) -> None:
    world.tell(on.ChannelChanged(CHANNEL))
    world.tell(on.Looked(ASKED))
    assert world.tell(on.Begun(answer)) == []


def test_a_refusal_is_certain(world: World) -> None:
    world.performing()
    ended = do.End(ACT, ActStatus.FAILED, "REFUSED_BY_WHATSAPP")
    assert world.tell(on.NotPerformed("REFUSED_BY_WHATSAPP", certain=True)) == [ended]


def test_a_page_that_did_not_answer_is_asked_and_never_told_again(world: World) -> None:
    world.in_doubt()
    for _ in range(3):
        assert world.wait(2_000) == [do.LookUp(ACT, "run")]
        assert world.tell(on.LookedUp(SeenAct())) == []
    assert world.wait(2_000) == [do.LookUp(ACT, "run")]
    assert world.tell(on.LookedUp(SeenAct(took_place=True, change=CHANGE))) == [DONE]


def test_what_the_page_never_tells_ends_unknown(world: World) -> None:
    world.in_doubt()
    seen = []
    for _ in range(IN_DOUBT_MS // 2_000):
        seen += world.wait(2_000)
        if isinstance(seen[-1], do.LookUp):
            world.tell(on.LookedUp(None))
    assert seen[-1] == do.End(ACT, ActStatus.UNKNOWN, "NO_OUTCOME")
    assert sum(isinstance(one, do.LookUp) for one in seen) == IN_DOUBT_MS // 2_000 - 1


def test_the_page_that_was_told_may_still_do_what_it_has_nothing_of(world: World) -> None:
    world.in_doubt()
    world.wait(2_000)
    assert world.tell(on.LookedUp(SeenAct(absent=True))) == []


def test_another_page_that_has_nothing_of_it_says_that_it_did_not_take_place(world: World) -> None:
    world.in_doubt()
    world.tell(on.ChannelChanged(None))
    assert world.wait(5_000) == []
    assert world.tell(on.ChannelChanged(NEW_RUN)) == [do.LookUp(ACT, "new run")]
    ended = do.End(ACT, ActStatus.FAILED, "ENGINE_FAILED")
    assert world.tell(on.LookedUp(SeenAct(absent=True))) == [ended]


def test_without_a_page_it_ends_unknown_all_the_same(world: World) -> None:
    world.in_doubt()
    world.tell(on.ChannelChanged(None))
    assert world.state.wakes_at_ms is not None
    assert world.wait(IN_DOUBT_MS) == [do.End(ACT, ActStatus.UNKNOWN, "NO_OUTCOME")]


def test_what_an_owner_before_left_is_looked_up(world: World) -> None:
    world.tell(on.ChannelChanged(CHANNEL))
    left = ActEntry(ACT, ActStatus.BEGUN, browser_run="another")
    assert world.tell(on.Looked(left)) == [do.LookUp(ACT, "run")]
    assert world.tell(on.LookedUp(SeenAct(refused=True))) == [do.End(ACT, ActStatus.FAILED, "REFUSED_BY_WHATSAPP")]


def test_an_outcome_waits_for_redis(world: World) -> None:
    world.performing()
    assert world.tell(on.Performed(CHANGE)) == [DONE]
    assert world.tell(on.CutShort(500)) == []
    assert world.wait(499) == []
    assert world.wait(1) == [DONE]
    assert world.tell(on.Ended()) == [do.Look()]


def test_a_defect_while_it_is_performed_leaves_it_in_doubt(world: World) -> None:
    world.performing()
    assert world.tell(on.CutShort(5_000)) == []
    assert world.wait(5_000) == [do.LookUp(ACT, "run")]


def test_it_stops_with_its_outcome_recorded(world: World) -> None:
    world.performing()
    assert world.tell(on.StopAsked()) == []
    assert world.tell(on.Performed(CHANGE)) == [DONE]
    assert world.tell(on.Ended()) == []
    assert world.state.phase == at.Stopped()
