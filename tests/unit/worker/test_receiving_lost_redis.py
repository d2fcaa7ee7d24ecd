"""A Redis that forgot is told anew what it lost, by an owner who did not notice (session_worker/receiving/rows.py)."""

from __future__ import annotations

import pytest

from session_worker.receiving.rows import HINT_MS
from shared.ledger.receipts.identity import identity
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
    # given a Redis that was emptied, or became its state of before, under the eyes of its owner
    older = dict(linked().cursors) if is_older else {}
    world, told = _told_much()
    world.lose_redis(older)
    # when the next one comes
    row = world.arrive()
    world.run_for(RULES.every_ms)
    # then all are recorded, each once
    assert sorted(world.recorded) == sorted([*told, row.key])
    assert "inbound.cursor_lost" in world.logs
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
