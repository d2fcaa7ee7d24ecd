"""When a process that died is started again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leadmaster.up.restarts import Restarts
from shared.process.backoff import Backoff

BACKOFF = Backoff(first_s=0.5, max_s=10, steady_s=30)


def died_after(record: Restarts, start: float, seconds: float) -> Restarts:
    return record.started(start).died(start + seconds, BACKOFF)


def test_a_process_is_due_only_once_its_pause_is_over() -> None:
    record = died_after(Restarts(), start=100, seconds=1)
    assert not record.due(101.4)
    assert record.due(101.5)


def test_a_running_process_is_never_due() -> None:
    record = died_after(Restarts(), 100, 1).started(102)
    assert not record.due(1_000_000)


def test_pauses_grow_up_to_the_longest() -> None:
    assert [BACKOFF.delay_s(deaths) for deaths in (1, 2, 3, 4, 5, 6, 7)] == [0.5, 1, 2, 4, 8, 10, 10]


def test_a_steady_run_wipes_out_the_deaths_before_it() -> None:
    record = Restarts()
    for _ in range(5):
        record = died_after(record, 0, 1)
    assert record.failures == 5
    assert died_after(record, 0, 30).failures == 1


def test_deaths_in_a_row_are_counted() -> None:
    record, told = Restarts(), []
    for _ in range(4):
        record = died_after(record, 0, 0.1)
        told.append(record.failures)
    assert told == [1, 2, 3, 4]


def test_starts_are_counted_altogether() -> None:
    record = Restarts()
    for _ in range(3):
        record = died_after(record, 0, 100)
    assert record.starts == 3


@given(deaths=st.integers(1, 1_000_000))
def test_no_pause_is_negative_or_longer_than_the_longest(deaths: int) -> None:
    assert 0 < BACKOFF.delay_s(deaths) <= BACKOFF.max_s


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1000)), min_size=1, max_size=30))
def test_whatever_happens_a_dead_process_is_started_again(runs: list[tuple[float, float]]) -> None:
    record = Restarts()
    for start, seconds in runs:
        record = record.started(start).died(start + seconds, BACKOFF)
        assert record.restart_at is not None
        assert record.due(start + seconds + BACKOFF.max_s)
