"""Sending under any history: what it must never do, and that everything ends.

The rule of hand-overs, as it stands: a page is given a key once. It is told to send a message again, under that key,
only after that very page answered that it holds it unsent. A page that answers that it does not have it is closed, and
the next one is asked. What the owner deleted for everyone is never sent again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_worker.engine.port import Found, Limits, Outgoing
from session_worker.sending import actions as do
from session_worker.sending import inputs as on
from session_worker.sending import state as at
from session_worker.sending.doubts import MAX_STUCK
from session_worker.sending.reducer import step
from session_worker.sending.restriction import ASK_EVERY_MS, Restriction
from session_worker.sending.rounds import MAX_UNACKNOWLEDGED
from session_worker.turn import Now
from shared.ledger.claiming.work import Outcome, PutKey, Recover
from shared.transitions.message import MessageStatus
from tests.unit.worker.sending_page import Fate, RuleBroken
from tests.unit.worker.sending_world import Fault, Step, World

Happening = tuple[str, tuple[object, ...]]

NOT_HERE = (PutKey.OK, PutKey.LOST)
HAPPENINGS: st.SearchStrategy[Happening] = st.one_of(
    st.tuples(
        st.just("accept"),
        st.tuples(st.sampled_from(["", "5491100000001", "5491100000002"]), st.sampled_from(["", "", "f1", "f2"])),
    ),
    st.tuples(st.just("end_uploads"), st.tuples(st.sampled_from(["", "", "MEDIA_UPLOAD_FAILED", "MEDIA_REFUSED"]))),
    st.tuples(st.just("end_uploads"), st.tuples(st.sampled_from(["MEDIA_STORE_UNREACHABLE", "PAGE_FAILED"]))),
    st.tuples(st.just("pass_time"), st.tuples(st.sampled_from([1, 1_000, 5_001, 11_000, 26_000]))),
    st.tuples(st.just("tell_acks"), st.tuples(st.sampled_from([0, 1, 2]))),
    st.tuples(st.just("fate"), st.tuples(st.sampled_from(Fate))),
    st.tuples(st.just("fault"), st.tuples(st.sampled_from(Fault))),
    st.tuples(st.just("key_answer"), st.tuples(st.sampled_from([one for one in PutKey if one not in NOT_HERE]))),
    st.tuples(
        st.sampled_from(["hand_over_fails", "page_silent", "makes_no_keys", "hand_overs_last"]),
        st.tuples(st.booleans()),
    ),
    st.tuples(
        st.sampled_from(
            [
                "launch",
                "lose_connection",
                "reconnect",
                "change_login",
                "lose_store",
                "send_pending",
                "revoke",
                "forget_uploads",
            ]
        ),
        st.just(()),
    ),
    st.tuples(
        st.just("tell"), st.tuples(st.sampled_from([on.RecycleAsked("MEMORY"), on.Notified(), on.CutShort(1_000)]))
    ),
)
HISTORIES = st.lists(HAPPENINGS, max_size=40)


def play(history: list[Happening], reducer: Step = step) -> World:
    """Lives through a history, then through a long calm. Raises RuleBroken."""
    world = World(step=reducer)
    world.accept()
    world.launch()
    for name, arguments in history:
        if callable(getattr(world, name)):
            getattr(world, name)(*arguments)
        else:
            setattr(world, name, *arguments)
    world.calm_down()
    return world


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES)
def test_every_history_keeps_the_rules_and_every_message_ends(history: list[Happening]) -> None:
    play(history)


# Each rule can be broken: reducers with one mistake each, and a history in which it shows.

Stepped = tuple[at.State, tuple[do.Action, ...]]


def _after(change: Callable[[Stepped], Stepped]) -> Step:
    """The real reducer, with what it returns changed."""

    def wrong(state: at.State, event: on.Input, now: Now, rng: random.Random) -> Stepped:
        return change(step(state, event, now, rng))

    return wrong


def _instead(change: Callable[[at.State, on.Input], tuple[at.State, on.Input]]) -> Step:
    """The real reducer, with what it is given changed."""

    def wrong(state: at.State, event: on.Input, now: Now, rng: random.Random) -> Stepped:
        return step(*change(state, event), now, rng)

    return wrong


def _call_of(done: Stepped) -> object:
    return done[1][-1] if done[1] else None


def _resends_what_is_pending(state: at.State, event: on.Input) -> tuple[at.State, on.Input]:
    return state, on.LookedUp(Found(0, unsent=True)) if event == on.LookedUp(Found(0)) else event


def _hands_over_what_the_page_lost(done: Stepped) -> Stepped:
    if do.AskRelaunch("MESSAGE_LOST_BY_PAGE") not in done[1]:
        return done
    doubt = next(iter(done[0].doubts.values()))
    again = do.HandOver(done[0].begun_run, doubt.prepared, Outgoing(doubt.message.whole_text()))
    return done[0], (again, *done[1])


def _hands_over_what_was_revoked(state: at.State, event: on.Input) -> tuple[at.State, on.Input]:
    return state, on.LookedUp(None) if isinstance(state.phase, at.Recovering) else event


def _records_what_is_pending(state: at.State, event: on.Input) -> tuple[at.State, on.Input]:
    return state, on.LookedUp(Found(1)) if event == on.LookedUp(Found(0)) else event


def _recovers_under_any_login(state: at.State, event: on.Input) -> tuple[at.State, on.Input]:
    match event:
        case on.Claimed(Recover(message)) if state.channel is not None:
            return state, on.Claimed(Recover(replace(message, login_id=state.channel.login_id)))
    return state, event


def _believes_every_refusal(state: at.State, event: on.Input) -> tuple[at.State, on.Input]:
    match event:
        case on.Acknowledged(key, -2):
            doubts = {each: replace(doubt, first=True) for each, doubt in state.doubts.items()}
            return replace(state, doubts=doubts), on.Acknowledged(key, -1)
    return state, event


def _hands_over_before_the_key_stands(done: Stepped) -> Stepped:
    match _call_of(done):
        case do.PersistKey(browser_run, _, message, prepared):
            return done[0], (do.HandOver(browser_run, prepared, Outgoing(message.whole_text())), *done[1])
    return done


def _queues_what_has_a_key(done: Stepped) -> Stepped:
    match _call_of(done):
        case do.Complete(outcome=Outcome.LATER) as call:
            return done[0], (*done[1][:-1], replace(call, outcome=Outcome.QUEUED))
    return done


def _forgets_what_is_in_doubt(done: Stepped) -> Stepped:
    return (replace(done[0], doubts={}), done[1]) if isinstance(done[0].phase, at.Idle) else done


def _forgets_interrupted_steps(done: Stepped) -> Stepped:
    return replace(done[0], cut_short=False), done[1]


def _never_pauses(done: Stepped) -> Stepped:
    if not (done[0].told_paused and isinstance(done[0].phase, at.Idle)):
        return done
    pace = done[0].rules.pace.draw(random.Random(1), 0)
    return replace(done[0], phase=at.Claiming()), (do.Claim(done[0].begun_run, pace, bulk_allowed=True),)


def _never_waits(done: Stepped) -> Stepped:
    return (replace(done[0], phase=at.Idle(0)), done[1]) if isinstance(done[0].phase, at.Idle) else done


def _forgets_what_is_awaited(done: Stepped) -> Stepped:
    return replace(done[0], awaiting={}), done[1]


def _awaits_any_number(done: Stepped) -> Stepped:
    if not (len(done[0].awaiting) >= MAX_UNACKNOWLEDGED and isinstance(done[0].phase, at.Idle)):
        return done
    pace = done[0].rules.pace.draw(random.Random(1), 0)
    return replace(done[0], phase=at.Claiming()), (do.Claim(done[0].begun_run, pace, bulk_allowed=True),)


PASS = ("pass_time", (1,))
IN_DOUBT = [PASS, ("lose_connection", ()), ("reconnect", ()), ("accept", ())]


@pytest.mark.parametrize(
    ("wrong", "rule", "history"),
    [
        (
            _after(_hands_over_what_the_page_lost),
            "handed over twice",
            [("fate", (Fate.LOST,)), ("pass_time", (11_000,))],
        ),
        (
            _instead(_resends_what_is_pending),
            "did not say that it holds it unsent",
            [("fate", (Fate.SILENT,)), ("pass_time", (11_000,))],
        ),
        (
            _instead(_hands_over_what_was_revoked),
            "deleted for everyone",
            [("fate", (Fate.SILENT,)), PASS, ("revoke", ()), ("launch", ()), PASS],
        ),
        (_after(_hands_over_before_the_key_stands), "before it was persisted", [PASS]),
        (_after(_queues_what_has_a_key), "queued again", [PASS, ("launch", ()), ("page_silent", (True,)), PASS]),
        (
            _instead(_records_what_is_pending),
            "which the page does not show",
            [("fate", (Fate.SILENT,)), ("pass_time", (11_000,))],
        ),
        (_after(_forgets_what_is_in_doubt), "nobody follows", IN_DOUBT),
        (
            _after(_forgets_interrupted_steps),
            "nobody follows",
            [PASS, ("fault", (Fault.NOT_ANSWERED,)), ("accept", ()), PASS],
        ),
        (_instead(_recovers_under_any_login), "a key of another login", [PASS, ("change_login", ()), PASS]),
        (
            _instead(_believes_every_refusal),
            "for certain, though the server has it",
            [
                ("fate", (Fate.SILENT,)),
                PASS,
                ("fate", (Fate.REFUSED,)),
                ("launch", ()),
                PASS,
                ("tell_acks", (1,)),
                PASS,
            ],
        ),
        (
            _after(_never_pauses),
            "too many in doubt",
            [("fate", (Fate.SILENT,)), *IN_DOUBT * 5, ("pass_time", (11_000,))],
        ),
        (_after(_forgets_what_is_awaited), "nobody follows", [PASS]),
        (
            _after(_awaits_any_number),
            "too many without an answer",
            [("fate", (Fate.SILENT,)), *[("accept", ())] * (MAX_UNACKNOWLEDGED + 1), PASS],
        ),
        (_after(_never_waits), "spins", [PASS, ("tell_acks", (1,)), PASS]),
    ],
)
def test_a_reducer_with_a_mistake_is_found_out(wrong: Step, rule: str, history: list[Happening]) -> None:
    play(history)
    with pytest.raises(RuleBroken, match=rule):
        play(history, wrong)


def test_an_answer_that_nobody_asked_for_is_a_defect() -> None:
    with pytest.raises(AssertionError, match="no answer while Idle"):
        World().tell(on.SentAgain())


class TestLimits:
    def test_whatsapp_is_asked_before_the_first_claim_and_after_a_refusal(self) -> None:
        world = World(fate=Fate.REFUSED, refusal="463")
        world.accept()
        world.launch()
        world.pass_time(1)
        assert world.asked_limits == 1
        world.limits = Limits(time_lock_until_ms=world.now_ms + 90_000)
        # when WhatsApp refuses the message
        world.tell_acks(1)
        world.pass_time(1)
        # then it is asked why, the session is told, and only single messages go on until the lock ends
        assert [entry.status for entry in world.entries.values()] == [MessageStatus.FAILED]
        assert world.asked_limits == 2
        assert world.reported == do.ReportRestriction(0, world.limits.time_lock_until_ms, world.limits)
        assert not world.bulk_allowed
        world.pass_time(90_000)
        assert world.bulk_allowed

    def test_a_spent_cap_holds_until_its_cycle_ends(self) -> None:
        restriction = Restriction().told(Limits(new_chats_allowed=5, new_chats_used=5, cycle_ends_ms=100))
        assert restriction.active(99)
        assert not restriction.active(100)
        assert not Restriction().told(Limits(new_chats_allowed=5, new_chats_used=4, cycle_ends_ms=100)).active(99)

    def test_the_fewer_are_left_the_sooner_it_asks_again(self) -> None:
        waits = [
            Restriction().told(Limits(new_chats_allowed=1_000, new_chats_used=used)).ask_again_ms
            for used in (0, 950, 999, 1_000)
        ]
        assert waits == [ASK_EVERY_MS, 500_000, 10_000, ASK_EVERY_MS]


def test_a_refusal_for_a_stale_address_gets_another_key() -> None:
    # given a chat that WhatsApp addresses otherwise by now
    world = World(fate=Fate.REFUSED, refusal="421")
    world.accept()
    world.launch()
    world.pass_time(1)
    world.tell_acks(1)
    # then nothing went out for certain, and the message gets a key for its chat's present address
    world.fate = Fate.ACKNOWLEDGED
    world.calm_down()
    assert [(entry.status, entry.key) for entry in world.entries.values()] == [(MessageStatus.SENT, "key-2")]


def test_an_acknowledgement_that_never_comes_ends_with_a_person() -> None:
    # given a server that takes a message and never says so, to any page
    world = World(fate=Fate.SILENT)
    world.accept()
    world.launch()
    world.pass_time(1)
    for _ in range(90):
        world.server.clear()  # nor does it acknowledge a further copy
        world.pass_time(10_000)
    # then browsers were closed a few times, and a person decides
    assert [entry.status for entry in world.entries.values()] == [MessageStatus.UNCERTAIN]
    assert world.runs == 1 + MAX_STUCK


def test_a_message_that_no_page_can_send_again_ends_with_a_person() -> None:
    # given a page that gave up on a message, and gives up on it whenever it is told to send it again
    world = World(fate=Fate.NETWORK)
    world.accept()
    world.launch()
    for _ in range(90):
        world.pass_time(10_000)
    assert [entry.status for entry in world.entries.values()] == [MessageStatus.UNCERTAIN]
    assert world.runs == 1


def test_messages_to_several_people_without_an_answer_are_told_to_the_session() -> None:
    # given three people whose messages get no answer, on one page and on the next
    world = World(fate=Fate.PENDING)
    for _ in range(3):
        world.accept()
    world.launch()
    world.pass_time(45_000)
    assert (world.runs, world.unacknowledged) == (2, [])
    world.pass_time(20_000)
    assert world.unacknowledged == [3]
    # when the acknowledgements come after all
    world.calm_down()
    world.pass_time(1_000)
    assert {entry.status for entry in world.entries.values()} == {MessageStatus.SENT}
    assert world.state.told_unacknowledged == 0
