"""Edits, deletions, reactions and votes are recorded once, told or not (session_worker/receiving/changes.py)."""

from __future__ import annotations

from typing import Any

import pytest

from session_worker.receiving import actions as do
from session_worker.receiving import inputs as on
from session_worker.receiving.rows import SILENT_MS, SURE_MS
from shared.ledger.identity import identity
from shared.ledger.receipts.row_cursors import FIRST_ROW
from shared.protocol.events import MessageUpdated
from shared.protocol.inbound import Change, Direction, InboundType
from tests.unit.worker.receiving_world import DAY_MS, RULES, START_MS, World, linked


class TestChanges:
    @pytest.mark.parametrize("kind", ["reaction", "edit", "deletion"])
    def test_what_is_told_is_recorded_at_once_and_not_again(self, kind: str) -> None:
        world = linked()
        row = world.arrive()
        heard = world.change(row, kind)
        world.run_for(0)
        assert world.recorded == [row.key, identity(heard)]
        world.run_for(RULES.changes_every_ms * 3)
        world.tell(on.Told(heard))
        assert world.recorded == [row.key, identity(heard)]

    @pytest.mark.parametrize("kind", ["reaction", "edit", "deletion"])
    def test_what_no_event_tells_is_found_on_the_slow_timer(self, kind: str) -> None:
        world = linked()
        row = world.arrive()
        world.run_for(RULES.changes_every_ms)
        heard = world.change(row, kind, told=False)
        world.run_for(RULES.changes_every_ms)
        assert world.recorded == [row.key, identity(heard)]
        assert world.silences == []

    @pytest.mark.parametrize("after", ["reload", "kill"])
    def test_what_happened_meanwhile_is_found_at_once_and_after_its_message(self, after: str) -> None:
        world = linked()
        before = world.arrive()
        world.run_for(RULES.changes_every_ms)
        first = world.change(before, told=False)
        rows = [world.arrive(told=False) for _ in range(7)]
        second = world.change(rows[-1], "edit", told=False)
        if after == "kill":
            world.kill()
            world.ready("run-2")
        else:
            world.tell(on.RowsHinted("main_ready"))
        world.run_for(100)
        assert sorted(world.recorded) == sorted([*world.arrived, identity(first), identity(second)])
        assert world.recorded.index(identity(second)) > world.recorded.index(rows[-1].key)

    def test_what_a_reader_without_redis_found_is_found_again(self) -> None:
        world = linked()
        row = world.arrive()
        heard = world.change(row, told=False)
        world.redis_fails = lambda: "before"
        world.run_for(RULES.changes_every_ms * 2)
        world.redis_fails = lambda: ""
        world.run_for(1_000)
        assert world.recorded == [row.key, identity(heard)]

    def test_a_page_that_does_not_answer_is_asked_again(self) -> None:
        world = linked()
        heard = world.change(world.arrive(), told=False)
        world.page_fails = lambda: isinstance(world.calls[-1], do.ReadChanges)
        world.run_for(RULES.changes_every_ms)
        assert "changes.not_read" in world.logs
        world.page_fails = lambda: False
        world.run_for(60_000)
        assert identity(heard) in world.recorded

    def test_only_the_newest_rows_are_looked_at_and_of_them_the_young(self) -> None:
        world = linked()
        for _ in range(RULES.changes_rows + 30):
            world.arrive()
        world.run_for(RULES.changes_every_ms)
        world.calls.clear()
        world.run_for(RULES.changes_every_ms)
        looked = [call for call in world.calls if isinstance(call, do.ReadChanges)]
        assert looked[0].after_row_id == FIRST_ROW + 30
        assert len(looked) == RULES.changes_rows // RULES.page_rows + 1
        assert {world.wall_ms - SURE_MS - call.since_ms < RULES.changes_every_ms for call in looked} == {True}

    def test_in_an_emptied_redis_what_was_on_record_is_not_recorded_again(self) -> None:
        world = World(recorded_until_ms=START_MS - 1_000)
        row = world.add_row(at_ms=START_MS - 2 * DAY_MS)
        old = MessageUpdated(row.key, Change.EDITED, START_MS - DAY_MS, "otro", "e1")
        world.changes.append((row.row_id, old))
        new = world.change(row, told=False)
        world.ready()
        world.run_for(RULES.changes_every_ms * 2)
        assert world.recorded == [identity(new)]

    @pytest.mark.parametrize(
        "fields", [{"type": InboundType.CALL}, {"direction": Direction.OUT}, {"type": InboundType.IMAGE}]
    )
    def test_silence_is_only_of_what_events_tell_for_sure(self, fields: dict[str, Any]) -> None:
        world = linked()
        row = world.arrive(told=False)
        row.fields = fields
        world.run_for(RULES.every_ms + SILENT_MS)
        assert world.recorded == [row.key]
        assert world.silences == ([1] if fields.get("type") is InboundType.IMAGE else [])
