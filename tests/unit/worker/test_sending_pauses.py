"""A page that makes no keys: sending pauses, no message pays for it, and it goes on by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_worker.sending import actions as do
from session_worker.sending import inputs as on
from session_worker.sending.breaker import MAX_PASSED_OVER_MS, MIN_RECIPIENTS, Breaker
from session_worker.session.channel import Channel
from shared.ledger.claiming.work import Outcome, PutKey
from shared.ledger.script import MAX_ATTEMPTS
from shared.transitions.message import MessageStatus
from tests.unit.worker.sending_page import Fate
from tests.unit.worker.sending_world import World

MAX_TRIES_AN_HOUR = 25  # 5, 10, … 160 s, then each 300 s


def world_without_keys(messages: int) -> World:
    world = World(fate=Fate.ACKNOWLEDGED, makes_no_keys=True)
    for _ in range(messages):
        world.accept()
    world.launch()
    return world


def an_hour_passes(world: World) -> None:
    for _ in range(60):
        world.pass_time(60_000)


def statuses(world: World) -> set[MessageStatus]:
    return {entry.status for entry in world.entries.values()}


def test_an_hour_of_a_page_that_makes_no_keys_ends_no_message() -> None:
    # given a page that is READY and opens no chat
    world = world_without_keys(6)
    # when an hour passes
    an_hour_passes(world)
    # then nothing ended, hardly an attempt was used, and the session shows why
    assert statuses(world) == {MessageStatus.QUEUED}
    assert sum(entry.attempts for entry in world.entries.values()) < MIN_RECIPIENTS
    assert world.paused == [True]
    assert 0 < world.tried - MIN_RECIPIENTS < MAX_TRIES_AN_HOUR


def test_it_goes_on_by_itself() -> None:
    world = world_without_keys(6)
    an_hour_passes(world)
    # when the page makes keys again
    world.makes_no_keys = False
    for _ in range(60):
        world.tell_acks(1)
        world.pass_time(20_000)
    # then every message is sent, and the session is told
    assert statuses(world) == {MessageStatus.SENT}
    assert world.paused == [True, False]


def test_another_page_is_tried_at_once() -> None:
    world = world_without_keys(6)
    an_hour_passes(world)
    tried = world.tried
    world.pass_time(1_000)
    assert world.tried == tried
    world.launch()
    world.pass_time(1_000)
    assert world.tried == tried + 1


def test_a_single_recipient_that_fails_is_its_own_fault() -> None:
    # given one message only
    world = world_without_keys(1)
    # then it uses its attempts and ends
    an_hour_passes(world)
    assert statuses(world) == {MessageStatus.FAILED}
    assert world.entries["0"].attempts == MAX_ATTEMPTS
    assert world.paused == []


def test_a_key_between_two_failures_begins_a_new_count() -> None:
    breaker = Breaker().after_failure("1", 0).after_failure("2", 0)
    assert not breaker.paused
    assert not breaker.after_failure("2", 0).paused
    assert breaker.after_failure("3", 0).paused


def test_pauses_grow_and_have_an_end() -> None:
    breaker, waits = replace(Breaker(), failed=frozenset("12")), []
    for _ in range(12):
        breaker = breaker.after_failure("3", 1_000)
        waits.append(breaker.waits_ms(1_000))
        assert breaker.pause_ms < breaker.passed_over_ms <= MAX_PASSED_OVER_MS
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (5_000, 300_000)


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (PutKey.EXPIRED, Outcome.EXPIRED, "EXPIRED"),
        (PutKey.STOPPED, Outcome.CANCELLED, "CAMPAIGN_STOPPED"),
        (PutKey.OPTED_OUT, Outcome.FAILED, "RECIPIENT_OPTED_OUT"),
    ],
)
def test_what_is_too_late_before_its_key_ends_as_what_it_is(answer: PutKey, outcome: Outcome, code: str) -> None:
    world = World(key_answer=answer)
    world.accept()
    world.launch()
    world.pass_time(1)
    assert [(call.outcome, call.code) for call in world.completed] == [(outcome, code)]


def test_nothing_leaves_before_the_page_says_whose_it_is() -> None:
    # given a page that is READY and does not tell its number yet
    world = World()
    world.accept()
    world.runs = 1
    world.channel = Channel("run-1", "/pairing", "")
    world.tell(on.ChannelChanged(world.channel))
    # then nothing is claimed
    world.pass_time(60_000)
    assert statuses(world) == {MessageStatus.QUEUED}
    assert world.begun == []
    # when it tells it, then what waits for another phone is held before anything is claimed
    world.channel = Channel("run-1", world.login_id, "5491150000051")
    world.tell(on.ChannelChanged(world.channel))
    world.pass_time(1)
    assert world.begun == [do.BeginRun("5491150000051")]
    assert statuses(world) == {MessageStatus.SENDING}


def test_another_phone_in_the_same_browser_run_begins_anew() -> None:
    world = World()
    world.launch()
    world.pass_time(1)
    world.channel = Channel("run-1", "login-9", "5491150000099")
    world.tell(on.ChannelChanged(world.channel))
    world.pass_time(1)
    assert world.begun == [do.BeginRun("5491150000051"), do.BeginRun("5491150000099")]
