"""The planner under random time zones, clock changes, windows, quotas and restarts: it never breaks its word."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_api.campaigns.planning import plan
from hub_api.campaigns.planning.forecast import expected_end
from hub_api.campaigns.planning.hours import Schedule, Warmup, day_number, is_open, local_day, open_until, opens_at
from hub_api.campaigns.planning.plan import Campaign, Counters, Release, Wait, Why
from hub_api.campaigns.planning.round import Due, NextRecipient, RunningCampaign, choose
from hub_api.campaigns.transitions import CampaignState, ScheduleState

ZONES = (
    "America/Argentina/Buenos_Aires",
    "America/Santiago",  # changes at midnight: a day without 00:00, and one with 23:30 twice
    "America/Asuncion",
    "America/Havana",
    "Europe/Madrid",
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",  # skipped 2011-12-30 whole
    "Asia/Kathmandu",
    "UTC",
)
# Around a clock change of some zone above, and quiet days.
DAYS = (
    date(2025, 3, 9), date(2025, 3, 30), date(2025, 4, 6), date(2025, 9, 7), date(2025, 10, 5), date(2025, 10, 26),
    date(2025, 11, 2), date(2024, 10, 6), date(2024, 3, 24), date(2011, 12, 29), date(2025, 6, 10), date(2025, 12, 31),
)  # fmt: skip
EVERY_DAY = frozenset(range(7))
MINUTE = 60_000
HOUR = 60 * MINUTE


def at(zone: str, *parts: int, fold: int = 0) -> int:
    return round(datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)  # type: ignore[misc,arg-type]


def wall_says_open(schedule: Schedule, now_ms: int) -> bool:
    """The rule in its plainest words, written apart from the code: what a clock on the tenant's wall would allow."""
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(schedule.timezone))
    minutes = local.hour * 60 + local.minute + local.second / 60
    if schedule.start_minute < schedule.end_minute:
        opened_on = local.date()
        inside = schedule.start_minute <= minutes < schedule.end_minute
    else:
        before_midnight = minutes >= schedule.start_minute
        opened_on = local.date() if before_midnight else local.date() - timedelta(days=1)
        inside = before_midnight or minutes < schedule.end_minute
    return (
        inside
        and opened_on.weekday() in schedule.weekdays
        and opened_on >= (schedule.first_day or date.min)
        and opened_on <= (schedule.last_day or date.max)
    )


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, int]:
    """A schedule, and an instant near one of its interesting days."""
    zone, day = draw(st.sampled_from(ZONES)), draw(st.sampled_from(DAYS))
    start = draw(st.integers(0, 1439))
    end = draw(st.integers(1, 1440).filter(lambda minute: minute != start))
    delay = draw(st.integers(0, 20)) * MINUTE
    made = Schedule(
        zone,
        draw(st.frozensets(st.integers(0, 6), min_size=1)),
        start,
        end,
        draw(st.none() | st.just(day)),
        draw(st.none() | st.just(day + timedelta(days=2))),
        draw(st.none() | st.integers(0, 12)),
        delay,
        delay + draw(st.integers(0, 20)) * MINUTE,
        draw(st.none() | st.builds(Warmup, st.integers(1, 5), st.integers(0, 5), st.just(day - timedelta(days=1)))),
    )
    return made, at("UTC", day.year, day.month, day.day) + draw(st.integers(-24, 24)) * HOUR


@dataclass
class World:
    """What Redis and SQL would hold: it outlives every planner. `left` is what WhatsApp saw."""

    pending: list[str]
    next_at_ms: int = 0
    used: dict[int, int] = field(default_factory=dict)
    in_flight: tuple[str, Release] | None = None
    opted_out: set[str] = field(default_factory=set)
    left: list[tuple[str, int, int]] = field(default_factory=list)  # number, instant, delay after it

    def release(self, answer: Release) -> None:
        """As a tick's rounds do: one after the other is looked at until somebody may be written to."""
        due = [Due(RunningCampaign(1, "c", 51, "", "", RUNNING, held=False), answer)]
        opted_out = {(51, number) for number in self.opted_out}
        while due and self.pending:
            number = self.pending.pop(0)
            decided = choose(due, {1: NextRecipient(1, number, 0, "x", not_on_whatsapp=False)}, opted_out)
            due = list(decided.again)
            if decided.chosen:
                self.in_flight = (number, answer)
                self.used[answer.day] = self.used.get(answer.day, 0) + 1

    def claim(self, now_ms: int) -> None:
        """As the worker's claim does: the window's end and the opt-outs are looked at once more."""
        if self.in_flight is None:
            return
        (number, answer), self.in_flight = self.in_flight, None
        if now_ms >= answer.not_after_ms:
            self.pending.insert(0, number)
            self.used[answer.day] -= 1
        elif number not in self.opted_out:
            self.left.append((number, now_ms, answer.delay_ms))
            self.next_at_ms = now_ms + answer.delay_ms


@settings(max_examples=200, deadline=None)
@given(schedules(), st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 3))
def test_it_never_breaks_its_word(made, seed, tick_minutes, several):
    schedule, begin = made
    chance = random.Random(seed)
    world = World([f"n{index}" for index in range(60)])
    asked_out: dict[str, int] = {}
    campaign = Campaign(CampaignState.EN_PROGRESO, ScheduleState.APROBADA, schedule)
    now = begin
    while now < begin + 72 * HOUR:
        # given that between two ticks anything happens: opt-outs, a worker that is slow or away, a restart
        if chance.random() < 0.2:
            number = f"n{chance.randrange(60)}"
            world.opted_out.add(number)
            asked_out.setdefault(number, now)
        ready = chance.random() < 0.9
        for _ in range(several):
            day = day_number(local_day(schedule.timezone, now))
            counters = Counters(ready, world.in_flight is not None, world.next_at_ms, world.used.get(day, 0))
            answer = plan.due(campaign, now, counters, random.Random(chance.random()))
            if isinstance(answer, Release):
                assert ready
                assert now < answer.not_after_ms
                world.release(answer)
            else:
                assert answer.until_ms is None or answer.until_ms > now
        if chance.random() < 0.8:
            world.claim(now + chance.randrange(tick_minutes * MINUTE))
        now += tick_minutes * MINUTE
    # then what left was allowed when it left
    assert all(wall_says_open(schedule, left_at) for _, left_at, _ in world.left)
    by_day: dict[date, int] = {}
    for _, left_at, _ in world.left:
        day = datetime.fromtimestamp(left_at / 1000, ZoneInfo(schedule.timezone)).date()
        by_day[day] = by_day.get(day, 0) + 1
    assert all((quota := schedule.quota_on(day)) is None or count <= quota for day, count in by_day.items())
    for (_, before, delay), (_, after, _) in zip(world.left, world.left[1:], strict=False):
        assert after - before >= delay >= schedule.delay_min_ms
    numbers = [number for number, _, _ in world.left]
    assert len(numbers) == len(set(numbers))
    assert all(asked_out.get(number, left_at + 1) > left_at for number, left_at, _ in world.left)


@settings(max_examples=300, deadline=None)
@given(schedules(), st.integers(0, 60 * 24 * 3))
def test_a_window_is_what_the_wall_clock_says(made, minutes):
    schedule, begin = made
    now = begin + minutes * MINUTE
    assert is_open(schedule, now) == wall_says_open(schedule, now)
    until = open_until(schedule, now)
    if until is None:
        opens = opens_at(schedule, now)
        assert opens is None or (opens > now and wall_says_open(schedule, opens))
        edge = opens or now + 48 * HOUR
        assert not any(
            wall_says_open(schedule, moment) for moment in range(now, min(edge, now + 48 * HOUR), 7 * MINUTE)
        )
    else:
        assert all(wall_says_open(schedule, moment) for moment in range(now, until, 7 * MINUTE))
        zone = schedule.timezone
        assert not wall_says_open(schedule, until) or local_day(zone, until) != local_day(zone, now)


ZONE = "America/Argentina/Buenos_Aires"
OFFICE = Schedule(ZONE, frozenset(range(5)), 9 * 60, 18 * 60, delay_min_ms=30_000, delay_max_ms=90_000)
RUNNING = Campaign(CampaignState.EN_PROGRESO, ScheduleState.APROBADA, OFFICE)
FREE = Counters(ready=True, in_flight=False, next_at_ms=0, used_today=0)
FRIDAY = at(ZONE, 2026, 11, 20, 17, 59)
RNG = random.Random(7)


def test_what_is_released_at_17_59_must_not_leave_at_18_00():
    answer = plan.due(RUNNING, FRIDAY, FREE, RNG)

    assert isinstance(answer, Release)
    assert (answer.not_after_ms, answer.day, answer.quota) == (at(ZONE, 2026, 11, 20, 18), 20_261_120, None)
    assert 30_000 <= answer.delay_ms <= 90_000


@pytest.mark.parametrize(
    ("campaign", "counters", "why"),
    [
        (replace(RUNNING, state=CampaignState.PAUSADA), FREE, Why.NOT_RUNNING),
        (replace(RUNNING, state=CampaignState.FINALIZADO), FREE, Why.NOT_RUNNING),
        (replace(RUNNING, switched_on=False), FREE, Why.SWITCHED_OFF),
        (replace(RUNNING, schedule_state=ScheduleState.PENDIENTE), FREE, Why.NOT_APPROVED),
        (replace(RUNNING, schedule_state=ScheduleState.PAUSADA), FREE, Why.NOT_APPROVED),
        (RUNNING, replace(FREE, ready=False), Why.SESSION_NOT_READY),
        (RUNNING, replace(FREE, limited_until_ms=FRIDAY + 1), Why.WHATSAPP_LIMIT),
        (RUNNING, replace(FREE, in_flight=True), Why.ONE_AT_A_TIME),
        (RUNNING, replace(FREE, next_at_ms=FRIDAY + 1), Why.PACE),
        (replace(RUNNING, schedule=replace(OFFICE, daily_quota=3)), replace(FREE, used_today=3), Why.QUOTA),
        (replace(RUNNING, schedule=replace(OFFICE, last_day=date(2026, 11, 19))), FREE, Why.OVER),
        (replace(RUNNING, schedule=replace(OFFICE, weekdays=frozenset({5}))), FREE, Why.CLOSED),
    ],
)
def test_why_nothing_is_released(campaign, counters, why):
    answer = plan.due(campaign, FRIDAY, counters, RNG)

    assert isinstance(answer, Wait)
    assert answer.why is why


def test_closed_hours_say_when_they_open():
    after_work = at(ZONE, 2026, 11, 20, 18)

    assert plan.due(RUNNING, after_work, FREE, RNG) == Wait(Why.CLOSED, at(ZONE, 2026, 11, 23, 9))


def test_a_window_across_midnight_belongs_to_the_day_it_opens_on():
    night = Schedule(ZONE, frozenset({4}), 22 * 60, 2 * 60)
    assert is_open(night, at(ZONE, 2026, 11, 20, 23))
    assert is_open(night, at(ZONE, 2026, 11, 21, 1))
    assert not is_open(night, at(ZONE, 2026, 11, 20, 1))
    assert not is_open(night, at(ZONE, 2026, 11, 21, 22, 30))
    # and what is released before midnight counts for that day and leaves on it
    assert open_until(night, at(ZONE, 2026, 11, 20, 23)) == at(ZONE, 2026, 11, 21)


def test_hours_that_the_clock_skips_or_shows_twice():
    madrid = "Europe/Madrid"
    skipped = Schedule(madrid, EVERY_DAY, 2 * 60 + 15, 4 * 60)
    assert opens_at(skipped, at(madrid, 2025, 3, 30, 1)) == at(madrid, 2025, 3, 30, 3)
    twice = Schedule(madrid, EVERY_DAY, 60, 2 * 60 + 30)
    assert open_until(twice, at(madrid, 2025, 10, 26, 1, 30)) == at(madrid, 2025, 10, 26, 2, 30, fold=0)
    assert open_until(twice, at(madrid, 2025, 10, 26, 2, 10, fold=1)) == at(madrid, 2025, 10, 26, 2, 30, fold=1)


def test_a_young_number_grows_day_by_day():
    schedule = replace(OFFICE, daily_quota=50, warmup=Warmup(20, 15, date(2026, 11, 20)))
    assert [schedule.quota_on(date(2026, 11, day)) for day in (19, 20, 21, 22, 23)] == [20, 20, 35, 50, 50]


def test_the_forecast_keeps_quota_hours_and_pace():
    schedule = replace(OFFICE, daily_quota=100, delay_min_ms=60_000, delay_max_ms=60_000)
    assert expected_end(schedule, FRIDAY, 0, 0, 0, 5_000) == FRIDAY
    assert expected_end(schedule, FRIDAY, 1, 0, 0, 5_000) == FRIDAY
    # one minute is left on Friday; 100 on Monday; the rest on Tuesday
    assert expected_end(schedule, FRIDAY, 103, 0, 0, 5_000) == at(ZONE, 2026, 11, 24, 9, 1)
    assert expected_end(replace(schedule, last_day=date(2026, 11, 20)), FRIDAY, 2, 0, 0, 5_000) is None
