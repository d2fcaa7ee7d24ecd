"""When a part that died is started again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leadmaster.supervisor import Backoff, Life

BACKOFF = Backoff(first_s=0.5, factor=2, longest_s=10, steady_s=30, failing_after=3)


def died_after(life: Life, start: float, seconds: float) -> Life:
    return life.started(start).died(start + seconds, BACKOFF)


def test_a_part_is_due_only_once_its_pause_is_over() -> None:
    life = died_after(Life(), start=100, seconds=1)
    assert not life.due(101.4)
    assert life.due(101.5)


def test_a_running_part_is_never_due() -> None:
    life = died_after(Life(), 100, 1).started(102)
    assert not life.due(1_000_000)


def test_pauses_grow_up_to_the_longest() -> None:
    assert [BACKOFF.delay_s(deaths) for deaths in (1, 2, 3, 4, 5, 6, 7)] == [0.5, 1, 2, 4, 8, 10, 10]


def test_a_steady_run_wipes_out_the_deaths_before_it() -> None:
    life = Life()
    for _ in range(5):
        life = died_after(life, 0, 1)
    assert life.deaths == 5
    assert died_after(life, 0, 30).deaths == 1


def test_deaths_in_a_row_are_told_from_the_third_on() -> None:
    life, told = Life(), []
    for _ in range(4):
        life = died_after(life, 0, 0.1)
        told.append(life.keeps_dying(BACKOFF))
    assert told == [False, False, True, True]


def test_starts_are_counted_altogether() -> None:
    life = Life()
    for _ in range(3):
        life = died_after(life, 0, 100)
    assert life.starts == 3


@given(deaths=st.integers(1, 1_000_000))
def test_no_pause_is_negative_or_longer_than_the_longest(deaths: int) -> None:
    assert 0 < BACKOFF.delay_s(deaths) <= BACKOFF.longest_s


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1000)), min_size=1, max_size=30))
def test_whatever_happens_a_dead_part_is_started_again(runs: list[tuple[float, float]]) -> None:
    life = Life()
    for start, seconds in runs:
        life = life.started(start).died(start + seconds, BACKOFF)
        assert life.restart_at is not None
        assert life.due(start + seconds + BACKOFF.longest_s)
