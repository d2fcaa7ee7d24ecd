"""A Redis that forgot is told anew what it lost, in order, once it was compared with SQL (session_worker/receiving)."""

from __future__ import annotations

from typing import Any

import pytest

from session_worker.receiving import actions as do
from session_worker.receiving import inputs as on
from session_worker.receiving import state as at
from session_worker.receiving.reducer import MAX_HELD
from session_worker.receiving.rows import HINT_MS, HOLD_MS
from shared.ledger.identity import identity
from tests.unit.worker.receiving_world import RULES, World, linked


def _told_much() -> tuple[World, list[str]]:
    """More messages than the overlap, and a reaction; what is to be on record."""
    world = linked()
    for _ in range(12):
        world.arrive()
    reaction = world.change(world.rows[0])
    world.run_for(HINT_MS)
    return world, [*world.arrived, identity(reaction)]


@pytest.mark.parametrize("is_older", [False, True])
def test_the_next_message_has_all_recorded_again(is_older: bool) -> None:
    # given a Redis that was emptied, or became its state of before, and was compared under the eyes of its owner
    older = dict(linked().cursors) if is_older else {}
    world, told = _told_much()
    world.lose_redis(older)
    # when the next one comes
    row = world.arrive()
    world.run_for(RULES.every_ms)
    # then all are recorded, each once, and the messages in their order
    assert sorted(world.recorded) == sorted([*told, row.key])
    assert [key for key in world.recorded if key in world.arrived] == world.arrived
    assert world.silences == []


def test_the_owner_leaves_no_cursor_that_hides_them_from_the_next() -> None:
    # given an owner that still writes into the emptied Redis, and then dies
    world, told = _told_much()
    world.lose_redis()
    world.arrive()
    world.kill()
    # when the next one begins
    world.ready("run-2")
    world.run_for(RULES.every_ms)
    # then
    assert sorted(world.recorded) == sorted([*told, world.rows[-1].key])


def test_a_loss_is_found_though_nobody_writes() -> None:
    world, told = _told_much()
    world.lose_redis()
    world.run_for(RULES.every_ms * 2)
    assert sorted(world.recorded) == sorted(told)


@pytest.mark.parametrize("waits_ms", [0, 800, HOLD_MS * 3])
def test_nothing_is_recorded_before_it_was_compared(waits_ms: int) -> None:
    # given a Redis that was emptied, and what no event told behind the cursor
    world, told = _told_much()
    world.lose_redis(compared=False)
    world.arrive(told=False)
    # when one is told meanwhile, however long it lasts
    world.arrive()
    world.run_for(waits_ms)
    assert (world.recorded, world.cursors) == ([], {})
    assert world.logs.count("inbound.waits_for_comparison") == 1
    # then each is recorded in its place once it was compared
    world.compare()
    world.run_for(HINT_MS)
    assert sorted(world.recorded) == sorted([*told, *world.arrived[-2:]])
    assert [key for key in world.recorded if key in world.arrived] == world.arrived
    assert world.logs.count("inbound.compared") == 1
    assert world.silences == []


def test_one_that_was_only_started_anew_goes_on_from_its_cursor() -> None:
    world, _ = _told_much()
    recorded = list(world.recorded)
    world.compare()  # another run of the same server
    row = world.arrive()
    world.run_for(1_000)
    assert world.recorded == [*recorded, row.key]
    assert "inbound.begins" not in world.logs[world.logs.index("inbound.waits_for_comparison") :]


def test_a_first_page_that_a_lost_redis_had_is_recorded_again() -> None:
    # given a login of which no cursor was kept yet, and a Redis that is lost between its first rows and the cursor
    world = World()
    for _ in range(3):
        world.arrive(told=False)

    def lost_then() -> str:
        if world.recorded and world.marker == "life-1":
            world.lose_redis()
        return ""

    world.redis_fails = lost_then
    world.ready()
    world.run_for(1_000)
    assert world.recorded == world.arrived


def test_what_a_lost_redis_knew_is_not_taken_for_known() -> None:
    # given rows that were recorded in a Redis that is lost while its answers are
    world = World()
    for _ in range(4):
        world.arrive(told=False)
    answers = iter(["", "", "after"])
    world.redis_fails = lambda: next(answers, "")
    world.ready()
    assert world.recorded == world.arrived
    world.lose_redis()
    # when the next position is that of another one
    world.run_for(1_000)
    assert world.recorded == world.arrived


def test_what_does_not_fit_is_left_to_the_rows() -> None:
    world, _ = _told_much()
    world.lose_redis(compared=False)
    for _ in range(MAX_HELD + 20):
        world.arrive()
    assert len(world.state.told) == MAX_HELD
    world.compare()
    world.run_for(RULES.every_ms)
    assert [key for key in world.recorded if key in world.arrived] == world.arrived
    assert world.silences == []


def test_a_stop_leaves_it_to_the_next_owner() -> None:
    world, _ = _told_much()
    world.lose_redis(compared=False)
    world.arrive()
    world.tell(on.StopAsked())
    world.run_for(1_000)
    assert isinstance(world.state.phase, at.Ended)
    assert world.recorded == []


@pytest.mark.parametrize("call", [do.ReadChanges, do.ReadPlaceholders])
def test_what_is_found_later_waits_as_well(call: type[Any]) -> None:
    # given a Redis that is lost while a page looks for changes, or for what a placeholder became
    world, _ = _told_much()
    placeholder = world.add_row(open_=True)
    world.tell(on.RowsHinted("placeholder"))
    world.run_for(600)
    placeholder.open = False
    change = world.change(world.rows[1], told=False)

    def lost_then() -> bool:
        if isinstance(world.calls[-1], call) and world.marker == "life-1":
            world.lose_redis(compared=False)
        return False

    world.page_fails = lost_then
    world.tell(on.RowsHinted("main_ready"))
    world.run_for(5_000)
    assert world.recorded == []
    world.compare()
    world.run_for(RULES.every_ms)
    assert {placeholder.key, identity(change)} <= {*world.recorded}
    assert len(world.recorded) == len({*world.recorded})
