"""Before a message somebody is seen writing, for as long as a hand takes: a setting, off unless it is set."""

from __future__ import annotations

import queue
import random
import threading
from dataclasses import replace
from typing import Any

import pytest
import redis

from session_worker.engine.port import Prepared
from session_worker.sending import actions as do
from session_worker.sending import inputs as on
from session_worker.sending import state as at
from session_worker.sending.pace import NO_TYPING, Typing, typing_before
from session_worker.sending.reducer import step
from session_worker.sending.shell import Sender
from session_worker.turn import Now
from shared.ledger.claiming.work import Send
from shared.ledger.message import Message
from shared.protocol.content import Content, ContentType, MediaFile
from shared.sessions.lease import Lease
from shared.transitions.message import Lane, MessageStatus
from tests.unit.worker.sending_world import World


def message(text: str, content: Content | None = None) -> Message:
    made = Message("1", 51, "5491100000001", text, MessageStatus.SENDING, Lane.SINGLE, 1, 0, 60_000)
    return made if content is None else replace(made, content=content)


def voice(size: int) -> Content:
    return Content(ContentType.VOICE, MediaFile("f" * 64, "audio/ogg", size))


@pytest.mark.parametrize("seed", range(20))
def test_a_longer_text_takes_longer_up_to_the_limit(seed: int) -> None:
    def of(text: str) -> Typing:
        return typing_before(message(text), 10, random.Random(seed))

    assert 0.8 <= of("").seconds <= 1.2
    assert of("hola").seconds < of("hola, ¿cómo estás?").seconds < 10
    assert of("muy largo " * 100) == Typing(10, recording=False)


def test_a_voice_note_takes_as_long_as_it_lasts() -> None:
    # given notes of about three seconds and about a minute
    short = typing_before(message("", voice(6_000)), 10, random.Random(1))
    long = typing_before(message("", voice(120_000)), 10, random.Random(1))
    # then somebody records, not writes
    assert short.recording
    assert 2.4 <= short.seconds <= 3.6
    assert long == Typing(10, recording=True)


class Page(World):
    """A world that remembers what typing was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.typed: list[Typing] = []

    def answer_of_page(self, call: do.PageCall) -> on.Answer:
        if isinstance(call, do.Prepare):
            self.typed.append(call.typing)
        return super().answer_of_page(call)


@pytest.mark.parametrize("longest_s", [0, 5])
def test_it_goes_with_the_making_of_the_key(longest_s: float) -> None:
    world = Page()
    world.state = replace(world.state, rules=replace(world.state.rules, typing_s=longest_s))
    world.accept("5491100000001")
    world.launch()
    world.pass_time(1)
    [typing] = world.typed
    assert (typing == NO_TYPING) is (longest_s == 0)
    assert typing.seconds <= longest_s


class WritingPage:
    """An engine on which somebody begins to write."""

    def __init__(self) -> None:
        self.shown = threading.Event()

    def prepare(self, to: str) -> Prepared:
        return Prepared("c", "K1")

    def show_typing(self, chat_id: str, seconds: float, *, recording: bool) -> None:
        self.shown.set()


class AwayLedger:
    """Redis does not answer."""

    def __getattr__(self, name: str) -> Any:
        raise redis.ConnectionError


def test_a_stop_does_not_wait_until_the_typing_is_over() -> None:
    # given a sender that was given a message, before which somebody writes for an hour
    given: list[tuple[at.State, on.Input]] = []

    def watched(state: at.State, event: on.Input, now: Now, rng: random.Random) -> Any:
        if isinstance(event, on.Claimed) and isinstance(event.work, Send):
            given.append((state, event))
        return step(state, event, now, rng)

    world = Page()
    world.step = watched
    world.state = replace(world.state, rules=replace(world.state.rules, typing_s=3_600))
    world.accept("5491100000001")
    world.launch()
    world.pass_time(1)
    state, claimed = given[0]
    assert isinstance(claimed, on.Claimed)
    assert isinstance(claimed.work, Send)
    long = replace(claimed.work.message, text="hola " * 10_000)
    inbox: queue.SimpleQueue[on.Input] = queue.SimpleQueue()
    inbox.put(replace(claimed, work=replace(claimed.work, message=long)))
    page: Any = WritingPage()
    away: Any = AwayLedger()
    sender = Sender(
        inbox=inbox,
        state=state,
        ledger=away,
        tenant_rules=away,
        lease=Lease(51, "token", 1),
        engine_of=lambda browser_run: page,
        begin_upload=lambda request: None,
        tell_session=lambda word: None,
        on_lost=lambda why: None,
        rng=random.Random(1),
    )
    sender.start()
    assert page.shown.wait(60)
    # when it is to end
    # then it ends, and nobody is seen writing for an hour
    assert sender.stop(60)
