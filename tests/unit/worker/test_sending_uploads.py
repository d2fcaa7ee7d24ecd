"""Media: uploaded before their key is made, once for many, while everything else leaves."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from session_worker.sending import actions as do
from session_worker.sending import inputs as on
from session_worker.sending import state as at
from session_worker.sending.reducer import step
from session_worker.sending.uploads.upload import MAX_WAITING, File
from session_worker.session.channel import Channel
from session_worker.turn import Now
from shared.ledger.script import MAX_ATTEMPTS
from shared.transitions.message import MessageStatus
from tests.unit.worker.sending_page import Fate, RuleBroken
from tests.unit.worker.sending_world import World, picture

PICTURE = File.of(picture("f1"))


def statuses(world: World) -> list[MessageStatus]:
    return [entry.status for entry in world.entries.values()]


def test_what_has_no_file_leaves_while_a_file_is_uploaded() -> None:
    # given a picture, and texts behind it
    world = World()
    world.accept("5491100000001", "f1")
    world.accept("5491100000002")
    world.accept("5491100000001")
    world.launch()
    world.pass_time(1)
    # then the file is under way, the other person has got the text, and the picture's own recipient waits for it
    assert [request.file for request in world.uploading] == [PICTURE]
    assert [entry.key is not None for entry in world.entries.values()] == [False, True, False]
    # when it is uploaded, then the picture leaves, and after it the text behind it
    world.end_uploads()
    world.pass_time(1)
    assert world.entries["0"].upload == "upload of f1"
    world.tell_acks(1)
    world.pass_time(1)
    world.tell_acks(1)
    assert statuses(world) == [MessageStatus.SENT] * 3


def test_one_upload_serves_a_whole_campaign() -> None:
    # given many messages with one file
    world = World()
    for _ in range(20):
        world.accept("", "f1")
    world.launch()
    world.pass_time(1)
    # then as many as may wait for it, and it is uploaded once
    assert len(world.uploading) == 1
    assert statuses(world).count(MessageStatus.SENDING) == MAX_WAITING
    world.end_uploads()
    for _ in range(20):
        world.tell_acks(1)
        world.pass_time(1)
    assert statuses(world) == [MessageStatus.SENT] * 20
    assert world.uploads_begun == 1


@pytest.mark.parametrize("code", ["MEDIA_REFUSED", "MEDIA_GONE"])
def test_what_can_not_be_uploaded_fails_for_certain(code: str) -> None:
    world = World()
    world.accept("", "f1")
    world.accept("", "f1")
    world.launch()
    world.pass_time(1)
    world.end_uploads(code)
    world.pass_time(1)
    assert statuses(world) == [MessageStatus.FAILED] * 2
    assert [call.code for call in world.completed] == [code] * 2


@pytest.mark.parametrize(
    ("code", "after"),
    [("MEDIA_UPLOAD_FAILED", MessageStatus.FAILED), ("MEDIA_STORE_UNREACHABLE", MessageStatus.QUEUED)],
)
def test_what_was_not_uploaded_is_tried_again(code: str, after: MessageStatus) -> None:
    # given a file that is not uploaded however often that is tried: at the fifth time it is over, unless it was the
    # store's fault
    world = World()
    world.accept("", "f1")
    world.launch()
    for _ in range(MAX_ATTEMPTS + 5):
        world.pass_time(90_000)
        world.end_uploads(code)
        world.pass_time(1)
    assert statuses(world) == [after]
    assert world.uploads_begun >= MAX_ATTEMPTS
    assert world.entries["0"].key is None


def test_a_new_browser_begins_anew() -> None:
    # given a browser that ends during an upload
    world = World()
    world.accept("", "f1")
    world.launch()
    world.pass_time(1)
    late = world.uploading.pop()
    world.launch()
    world.pass_time(1)
    # then the next one is asked, and what the first one says meanwhile counts for nothing
    assert [request.browser_run for request in world.uploading] == ["run-2"]
    world.tell(on.UploadEnded(late, "upload of another page"))
    world.pass_time(1)
    assert world.entries["0"].key is None
    world.calm_down()
    assert statuses(world) == [MessageStatus.SENT]


def test_another_login_in_the_same_browser_run_strands_nobody() -> None:
    world = World()
    world.accept("", "f1")
    world.launch()
    world.pass_time(1)
    world.login_id = "login-9"
    world.channel = Channel("run-1", "login-9", "5491150000051")
    world.tell(on.ChannelChanged(world.channel))
    world.pass_time(5_000)
    assert [request.login_id for request in world.uploading] == ["login-1", "login-9"]
    world.end_uploads()
    world.pass_time(1)
    assert world.persisted == {"key-1": "upload of f1"}


def test_what_has_a_key_and_no_upload_any_more_is_uploaded_anew_and_keeps_its_key() -> None:
    # given a picture that was handed over, a page that lost it, and a Redis that lost what was uploaded
    world = World(fate=Fate.LOST)
    world.accept("", "f1")
    world.launch()
    world.pass_time(1)
    world.end_uploads()
    world.pass_time(1)
    world.forget_uploads()
    # when the next browser asks for it
    world.launch()
    world.pass_time(1)
    assert len(world.uploading) == 1
    world.fate = Fate.ACKNOWLEDGED
    world.end_uploads()
    world.pass_time(1)
    world.tell_acks(1)
    assert (statuses(world), world.entries["0"].key) == ([MessageStatus.SENT], "key-1")


def test_what_has_a_key_and_no_file_any_more_is_for_a_person() -> None:
    world = World(fate=Fate.LOST)
    world.accept("", "f1")
    world.launch()
    world.pass_time(1)
    world.end_uploads()
    world.pass_time(1)
    world.forget_uploads()
    world.launch()
    world.pass_time(1)
    world.end_uploads("MEDIA_GONE")
    world.pass_time(1)
    assert statuses(world) == [MessageStatus.UNCERTAIN]


def test_a_stop_gives_back_what_waits_for_an_upload() -> None:
    world = World()
    world.accept("", "f1")
    world.launch()
    world.pass_time(1)
    world.tell(on.StopAsked())
    world.pass_time(1)
    assert isinstance(world.state.phase, at.Ended)
    assert (statuses(world), world.entries["0"].attempts) == ([MessageStatus.QUEUED], 0)


def test_a_new_browser_is_asked_for_once_no_file_is_under_way() -> None:
    world = World()
    world.accept("", "f1")
    world.launch()
    world.pass_time(1)
    world.tell(on.RecycleAsked("MEMORY"))
    world.accept()
    world.pass_time(1)
    assert (world.runs, world.relaunch_wanted, statuses(world)[1]) == (1, False, MessageStatus.QUEUED)
    world.end_uploads()
    world.pass_time(1)
    world.tell_acks(1)
    world.pass_time(1)
    assert (world.runs, statuses(world)[0]) == (2, MessageStatus.SENT)


def test_a_hand_over_without_the_upload_is_found_out() -> None:
    def wrong(state: at.State, event: on.Input, now: Now, rng: random.Random) -> tuple[at.State, tuple[do.Action, ...]]:
        after, actions = step(state, event, now, rng)
        without = [
            replace(one, outgoing=replace(one.outgoing, upload="")) if isinstance(one, do.HandOver) else one
            for one in actions
        ]
        return after, tuple(without)

    world = World(step=wrong)
    world.accept("", "f1")
    world.launch()
    world.pass_time(1)
    world.end_uploads()
    with pytest.raises(RuleBroken, match="another upload"):
        world.pass_time(1)
