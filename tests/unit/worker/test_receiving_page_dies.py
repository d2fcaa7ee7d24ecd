"""A page that dies while its rows are read takes no order with it (session_worker/receiving/rows.py)."""

from __future__ import annotations

from session_worker.receiving import inputs as on
from tests.unit.worker.receiving_world import World


def test_what_was_told_waits_for_the_rows_that_the_next_page_gives() -> None:
    # given more rows than one reading takes, and a page that dies after the first of them
    world = World()
    for _ in range(12):
        world.arrive(told=False)
    readings = iter([False, True])
    world.page_fails = lambda: next(readings, False)
    world.ready()
    world.arrive()
    world.run_for(100)
    assert "inbound.not_read" in world.logs
    assert world.recorded == world.arrived[:5]
    # when the next page is there
    world.tell(on.ChannelChanged(None))
    world.run_for(3_000)
    world.ready("run-2")
    world.run_for(100)
    # then
    assert world.recorded == world.arrived
