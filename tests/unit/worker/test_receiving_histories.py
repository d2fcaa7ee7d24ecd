"""What comes in is recorded once, whatever happens in between (session_worker/receiving/reducer.py)."""

from __future__ import annotations

import random

import pytest

from session_worker.receiving import actions as do
from session_worker.receiving import inputs as on
from session_worker.receiving import state as at
from session_worker.receiving.rows import BEGIN_BEFORE_RECORD_MS, BEGIN_MS, HINT_MS, HOLD_MS, SILENT_MS
from shared.ledger.identity import identity
from shared.ledger.receipts.row_cursors import FIRST_ROW, RowCursor
from tests.unit.worker.receiving_world import CHANNEL, DAY_MS, RULES, World, linked

CHANGES = ("reaction", "edit", "deletion")
SENDERS = ["5491100000001", "5491100000002", "5491100000003"]


class TestRows:
    def test_what_came_in_before_the_page_was_ready_is_recorded_in_order(self) -> None:
        world = World()
        for _ in range(12):
            world.arrive(told=False)
        world.ready()
        world.run_for(0)
        assert world.recorded == world.arrived
        assert world.cursors[CHANNEL.login_id] == RowCursor(FIRST_ROW + 12)

    @pytest.mark.parametrize("rows", [5, 7])  # a full page, and more
    def test_what_the_page_reloaded_over_is_recorded(self, rows: int) -> None:
        world = linked()
        for _ in range(rows):
            world.arrive(told=False)
        world.tell(on.RowsHinted("main_ready"))
        world.run_for(0)
        assert world.recorded == world.arrived
        assert world.silences == []

    def test_what_no_event_tells_is_found_on_the_slow_timer_and_reported(self) -> None:
        world = linked()
        world.arrive(told=False)
        world.arrive(told=False)
        world.run_for(RULES.every_ms)
        assert world.recorded == world.arrived
        assert world.silences == []
        world.run_for(SILENT_MS)
        assert world.silences == [2]

    def test_an_event_that_comes_after_its_row_was_read_is_no_silence(self) -> None:
        world = linked()
        row = world.arrive(told=False)
        world.run_for(RULES.every_ms)
        world.tell(on.Told(row.seen))
        world.run_for(SILENT_MS)
        assert world.recorded == [row.key]
        assert world.silences == []

    def test_what_a_message_left_behind_is_found_soon_after_the_next_event(self) -> None:
        world = linked()
        world.arrive(told=False)
        world.arrive()
        world.run_for(HINT_MS)
        assert sorted(world.recorded) == sorted(world.arrived)

    def test_what_no_event_told_comes_before_what_one_tells_later(self) -> None:
        world = linked()
        world.arrive(told=False)
        world.arrive(told=False)
        world.arrive()
        world.run_for(0)
        assert world.recorded == world.arrived
        world.run_for(SILENT_MS)
        assert world.silences == [2]

    def test_a_change_comes_behind_the_message_that_no_event_told(self) -> None:
        world = linked()
        row = world.arrive(told=False)
        reaction = world.change(row)
        world.run_for(0)
        assert world.recorded == [row.key, identity(reaction)]

    def test_a_message_that_is_told_costs_one_look_at_the_rows_behind_the_cursor(self) -> None:
        world = linked()
        world.arrive()
        world.run_for(RULES.every_ms)
        world.calls.clear()
        world.arrive()
        world.run_for(0)
        kinds = [do.ReadRows, do.Record, do.KeepCursor]
        assert [type(call) for call in world.calls] == kinds
        [look] = [call for call in world.calls if isinstance(call, do.ReadRows)]
        assert look.after_row_id == FIRST_ROW + 1

    def test_an_idle_tenant_costs_redis_one_look_a_reading(self) -> None:
        world = linked()
        world.arrive()
        world.run_for(RULES.every_ms)
        world.calls.clear()
        world.run_for(RULES.every_ms * 3)
        assert [type(call) for call in world.calls] == [do.ReadRows, do.KeepCursor] * 3

    def test_deleted_rows_give_their_numbers_to_what_comes_next(self) -> None:
        world = linked()
        for _ in range(40):
            world.arrive()
        world.run_for(RULES.every_ms)
        world.delete_newest(30)  # more than the overlap
        world.run_for(RULES.every_ms)
        world.arrive(told=False)
        world.run_for(RULES.every_ms)
        assert sorted(world.recorded) == sorted(world.arrived)
        assert world.cursors[CHANNEL.login_id].row_id == world.rows[-1].row_id

    def test_old_rows_before_the_cursor_are_not_recorded_again(self) -> None:
        # given rows so old that nobody knows their keys any more
        world = World()
        for _ in range(4):
            world.add_row(at_ms=world.wall_ms - 30 * DAY_MS)
        world.cursors[CHANNEL.login_id] = RowCursor(FIRST_ROW + 4)
        world.ready()
        world.run_for(RULES.every_ms)
        assert world.recorded == []

    def test_an_old_message_that_comes_late_is_recorded(self) -> None:
        world = World()
        world.cursors[CHANNEL.login_id] = RowCursor(FIRST_ROW)
        world.arrive(told=False, at_ms=world.wall_ms - 30 * DAY_MS)
        world.ready()
        world.run_for(0)
        assert world.recorded == world.arrived


class TestWhereItBegins:
    def test_history_is_not_inbound(self) -> None:
        world = linked()
        [first] = [call for call in world.calls if isinstance(call, do.ReadRows)]
        assert first.after_row_id == FIRST_ROW

    @pytest.mark.parametrize(("on_record", "before_ms"), [(False, BEGIN_MS), (True, BEGIN_BEFORE_RECORD_MS + 5_000)])
    def test_without_a_cursor_what_is_old_is_left_out_for_good(self, on_record: bool, before_ms: int) -> None:
        # given an emptied Redis; SQL may know until when it recorded
        world = World()
        if on_record:
            world.recorded_until_ms = world.wall_ms - 5_000
        for _ in range(8):
            world.add_row(at_ms=world.wall_ms - before_ms - 1)
        for _ in range(3):
            world.arrive(told=False, at_ms=world.wall_ms - before_ms + 1)
        # when the worker dies after the first of three pages
        world.ready()
        world.kill()
        world.ready()
        world.run_for(0)
        assert world.recorded == world.arrived
        assert world.cursors[CHANNEL.login_id] == RowCursor(FIRST_ROW + 11, 0)

    def test_another_login_has_rows_of_its_own(self) -> None:
        world = linked()
        for _ in range(9):
            world.arrive()
        world.run_for(RULES.every_ms)
        world.rows.clear()
        world.ready(login_id="5491150000051/another")
        world.arrive(told=False)
        world.run_for(RULES.every_ms)
        assert sorted(world.recorded) == sorted(world.arrived)
        assert world.cursors["5491150000051/another"].row_id == FIRST_ROW + 1


class TestWhatIsTold:
    def test_it_is_recorded_at_once(self) -> None:
        world = linked()
        row = world.arrive()
        assert world.recorded == [row.key]

    def test_it_waits_for_what_came_before_it(self) -> None:
        world = World()
        for _ in range(7):
            world.arrive(told=False)
        world.arrive()
        assert world.recorded == []
        world.ready()
        world.run_for(0)
        assert world.recorded == world.arrived

    def test_it_does_not_wait_for_ever(self) -> None:
        world = World()
        world.arrive()
        world.run_for(HOLD_MS)
        assert world.recorded == world.arrived

    def test_it_does_not_wait_for_rows_that_cannot_be_read(self) -> None:
        world = World(page_fails=lambda: True)
        world.ready()
        world.arrive()
        world.run_for(HOLD_MS)
        assert world.recorded == world.arrived
        assert "inbound.not_read" in world.logs

    def test_it_is_recorded_once_redis_is_back(self) -> None:
        world = linked()
        world.redis_fails = lambda: "before"
        world.arrive()
        world.run_for(3_000)
        assert world.recorded == []
        world.redis_fails = lambda: ""
        world.run_for(500)
        assert world.recorded == world.arrived

    def test_a_stop_records_it_first(self) -> None:
        world = World()
        world.arrive()
        world.tell(on.StopAsked())
        assert world.recorded == world.arrived
        assert isinstance(world.state.phase, at.Ended)

    def test_a_stop_without_redis_leaves_it_to_the_rows(self) -> None:
        world = World(redis_fails=lambda: "before")
        world.arrive()
        world.tell(on.StopAsked())
        assert isinstance(world.state.phase, at.Ended)


class TestPlaceholders:
    def test_the_phone_is_asked_and_the_text_recorded(self) -> None:
        world = linked()
        row = world.add_row(open_=True)
        world.tell(on.RowsHinted("placeholder"))
        world.run_for(1_000)
        assert world.asked == {row.key}
        assert world.recorded == []
        row.open = False
        world.run_for(5_000)
        assert world.recorded == [row.key]
        assert world.kept_placeholders == {}

    def test_it_outlives_the_worker_and_is_asked_for_by_the_next_page(self) -> None:
        world = linked()
        row = world.add_row(open_=True)
        for _ in range(9):
            world.arrive()  # further than the overlap reaches
        world.run_for(RULES.every_ms)
        world.kill()
        world.ready("run-2")
        world.run_for(0)
        assert world.asked == {row.key}
        row.open = False
        world.run_for(5_000)
        assert row.key in world.recorded

    def test_a_page_that_reloaded_itself_asks_at_once(self) -> None:
        # given one that is looked at seldom by now
        world = linked()
        row = world.add_row(open_=True)
        world.run_for(RULES.every_ms + 700_000)
        world.asked.clear()
        # when the page that had asked is gone
        world.tell(on.RowsHinted("main_ready"))
        world.run_for(100)
        assert world.asked == {row.key}

    def test_one_of_another_kind_is_left_to_others(self) -> None:
        world = linked()
        row = world.add_row(open_=True)
        world.run_for(RULES.every_ms)
        world.rows.remove(row)
        world.run_for(700_000)
        assert world.recorded == []
        assert world.kept_placeholders == {}
        assert "placeholder.gone" in world.logs

    def test_one_that_never_comes_is_given_up(self) -> None:
        world = linked()
        world.add_row(open_=True, at_ms=world.wall_ms - 14 * DAY_MS + 100_000)
        world.run_for(RULES.every_ms)
        assert len(world.kept_placeholders) == 1
        world.run_for(200_000)
        assert world.kept_placeholders == {}
        assert "placeholder.given_up" in world.logs

    def test_more_than_may_be_asked_for_at_once(self) -> None:
        world = linked()
        rows = [world.add_row(open_=True) for _ in range(70)]
        world.tell(on.RowsHinted("offline_delivery_end"))
        world.run_for(1_000)
        assert world.asked == {row.key for row in rows}
        assert max(len(call.keys) for call in world.calls if isinstance(call, do.ReadPlaceholders)) == 32


def _settle(world: World, rates: dict[str, float]) -> None:
    """All rows are read, whatever failed before."""
    before = dict(rates)
    rates.update(page=0, before=0, after=0)
    world.ready()
    world.run_for(1_000)
    rates.update(before)


@pytest.mark.parametrize("seed", range(150))
def test_any_history_ends_with_everything_recorded_once(seed: int) -> None:
    rng = random.Random(seed)
    world = World()
    rates: dict[str, float] = {name: rng.choice([0, 0, 0.1, 0.3]) for name in ("page", "before", "after")}
    world.page_fails = lambda: rng.random() < rates["page"]
    world.redis_fails = lambda: next((how for how in ("before", "after") if rng.random() < rates[how]), "")
    opened = []
    for _ in range(60):
        happens = rng.choices(
            [
                *("told", "silent", "changed", "placeholder", "content"),
                *("ready", "away", "reload", "kill", "delete", "time"),
            ],
            [8, 4, 4, 1, 2, 2, 1, 1, 1, 1, 6],
        )[0]
        if happens in ("told", "silent"):
            world.arrive(rng.choice(SENDERS), told=happens == "told")
        elif happens in CHANGES and world.rows:
            heard = world.change(rng.choice(world.rows[-9:]), happens, told=rng.random() < 0.5)
            world.arrived.append(identity(heard))
        elif happens == "placeholder":
            opened.append(world.add_row(rng.choice(SENDERS), open_=True))
            world.tell(on.RowsHinted("placeholder"))
        elif happens == "content" and opened:
            row = opened.pop()
            row.open = False
            world.arrived.append(row.key)
        elif happens == "ready":
            world.ready(f"run-{rng.randrange(3)}")
        elif happens == "away":
            world.tell(on.ChannelChanged(None))
        elif happens == "reload":
            world.tell(on.RowsHinted("main_ready"))
        elif happens == "kill":
            world.kill()
        elif happens == "delete" and not opened:
            # What nobody saw before it was deleted is lost to everybody; and numbers that are given out again beyond
            # the overlap are found only where rows are read in between.
            _settle(world, rates)
            world.delete_newest(min(rng.choice([2, 9]), len(world.rows)))
            _settle(world, rates)
        else:
            world.run_for(rng.choice([10, 1_000, 30_000, 120_000]))
    for row in opened:
        row.open = False
        world.arrived.append(row.key)
    rates.update(page=0, before=0, after=0)
    world.ready("run-9")
    world.run_for(700_000)
    arrived = sorted({*world.arrived})  # a message may be deleted twice: it is told once
    assert sorted(world.recorded) == arrived, {*arrived} ^ {*world.recorded}
    assert world.kept_placeholders == {}
