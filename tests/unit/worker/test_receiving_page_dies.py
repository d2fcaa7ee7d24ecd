"""A page that dies while its rows are read takes no order with it (session_worker/receiving/rows.py)."""

from __future__ import annotations

import pytest

from session_worker.receiving import inputs as on
from session_worker.receiving.rows import HOLD_MS
from tests.unit.worker.receiving_world import World


@pytest.mark.parametrize("hangs_ms", [0, 15_000, 60_000])
def test_what_was_told_waits_for_the_rows_that_the_next_page_gives(hangs_ms: int) -> None:
    # given more rows than one reading takes, and a page that hangs after the first of them, and dies of it
    world = World()
    for _ in range(12):
        world.arrive(told=False)
    readings = iter([False, True])

    def hangs() -> bool:
        dies = next(readings, False)
        world.steady_ms += hangs_ms if dies else 0
        return dies

    world.page_fails = hangs
    world.ready()
    world.arrive()
    world.run_for(100)
    assert "inbound.not_read" in world.logs
    assert world.recorded == world.arrived[:5]
    # when the next page is there
    world.tell(on.ChannelChanged(None))
    world.run_for(30_000)
    world.ready("run-2")
    world.run_for(100)
    # then
    assert world.recorded == world.arrived


def test_it_waits_no_longer_than_a_page_takes_to_come_back() -> None:
    # given one that is told in the midst of a long reading
    world = World()
    for _ in range(12):
        world.arrive(told=False)
    readings = iter([False, True])
    world.page_fails = lambda: next(readings, False)
    world.ready()
    row = world.arrive()
    # when the page goes and none comes back
    world.tell(on.ChannelChanged(None))
    world.run_for(HOLD_MS)
    # then
    assert world.recorded == [*world.arrived[:5], row.key]
