"""What waits for its acknowledgement: others leave meanwhile, and it comes to its end before a stop."""

from __future__ import annotations

from session_worker.sending import inputs as on
from session_worker.sending import state as at
from session_worker.sending.rounds import MAX_HAND_OVERS, MAX_UNACKNOWLEDGED
from shared.transitions.message import MessageStatus
from tests.unit.worker.sending_page import Fate
from tests.unit.worker.sending_world import RULES, World


def test_what_waits_for_its_acknowledgement_stops_nobody_else() -> None:
    # given a server that takes what it is handed and says nothing yet
    world = World(fate=Fate.SILENT)
    for number in range(MAX_UNACKNOWLEDGED + 2):
        world.accept("5491100000001" if number < 2 else "")
    world.launch()
    world.pass_time(1)
    # then as many as may be are handed over, and of those to one person the first alone
    waiting = [one.message_id for one in world.entries.values() if one.key is None]
    assert waiting == ["1", str(MAX_UNACKNOWLEDGED + 1)]
    # when the first is acknowledged, then the next one to that person leaves, and nobody else does
    world.told = [(str(world.entries["0"].key), 1)]
    world.tell_acks(1)
    world.pass_time(1)
    waiting = [one.message_id for one in world.entries.values() if one.key is None]
    assert waiting == [str(MAX_UNACKNOWLEDGED + 1)]


def test_each_is_in_doubt_when_its_own_time_is_over() -> None:
    world = World(fate=Fate.SILENT)
    world.accept()
    world.launch()
    world.pass_time(4_000)
    world.accept()
    world.pass_time(RULES.ack_timeout_ms - 4_000)
    assert (len(world.state.awaiting), len(world.state.doubts)) == (1, 1)
    world.pass_time(4_000)
    assert (len(world.state.awaiting), len(world.state.doubts)) == (0, 2)


def test_a_new_browser_is_asked_for_once_nothing_is_awaited() -> None:
    world = World(fate=Fate.SILENT)
    world.accept()
    world.accept()
    world.launch()
    world.pass_time(1)
    world.tell(on.RecycleAsked("MEMORY"))
    world.accept()
    world.pass_time(1)
    assert (world.relaunch_wanted, world.entries["2"].status) == (False, MessageStatus.QUEUED)
    world.send_pending()
    world.tell_acks(1)
    world.pass_time(1)
    assert world.runs == 2


def test_it_finishes_what_is_in_flight_and_claims_no_more() -> None:
    # given one message handed over and another one to the same person waiting
    world = World()
    world.accept("5491100000001")
    world.accept("5491100000001")
    world.launch()
    world.pass_time(1)
    # when it is asked to stop
    world.tell(on.StopAsked())
    world.pass_time(1)
    assert not isinstance(world.state.phase, at.Ended)
    world.tell_acks(1)
    world.pass_time(1)
    # then the first is sent, the second is not touched, and nothing wakes it any more
    assert isinstance(world.state.phase, at.Ended)
    assert [entry.status for entry in world.entries.values()] == [MessageStatus.SENT, MessageStatus.QUEUED]
    world.tell(on.Notified())
    assert world.state.wakes_at_ms is None


def test_the_next_message_gets_its_key_while_the_page_takes_the_last_one() -> None:
    # given a page that takes its time over each hand-over
    world = World(hand_overs_last=True)
    for _ in range(MAX_HAND_OVERS + 1):
        world.accept()
    world.launch()
    world.pass_time(1)
    # then two are under way at most, and the next one waits for one of them to end, whatever became of it
    assert len(world.handing) == MAX_HAND_OVERS
    world.tell(on.HandOverEnded("key-1", None, "PAGE_FAILED"))
    world.pass_time(1)
    assert [entry.key is not None for entry in world.entries.values()] == [True] * (MAX_HAND_OVERS + 1)


def test_an_acknowledgement_may_come_before_its_hand_over_has_ended() -> None:
    world = World(hand_overs_last=True)
    world.accept("5491100000001")
    world.accept("5491100000001")
    world.launch()
    world.pass_time(1)
    [call] = world.handing
    ended = world.hand_over(call)
    world.tell_acks(1)
    world.tell(ended)
    world.pass_time(1)
    assert [entry.status for entry in world.entries.values()] == [MessageStatus.SENT, MessageStatus.SENDING]


def test_a_hand_over_that_never_ends_is_in_doubt_once_its_time_is_over() -> None:
    world = World(hand_overs_last=True)
    world.accept()
    world.launch()
    world.pass_time(1)
    world.page_silent = True
    world.pass_time(RULES.lease_left_ms + RULES.ack_timeout_ms)
    assert (len(world.state.awaiting), len(world.state.doubts)) == (0, 1)
