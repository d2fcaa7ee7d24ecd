"""Before a message somebody is seen writing, for as long as a hand takes: a setting, off unless it is set."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from session_worker.sending import actions as do
from session_worker.sending import inputs as on
from session_worker.sending.pace import NO_TYPING, Typing, typing_before
from shared.ledger.message import Message
from shared.protocol.content import Content, ContentType, MediaFile
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
