"""When a campaign may write: weekdays, hours, days, quota, warm-up, in the tenant's time zone. Pure.

Every question is answered by the wall clock at an instant, so a day with 23 or 25 hours needs no rule of its own. What
a moment allows ends at the latest with its local day, because quotas are counted by local days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_MINUTES = 1_440
_MAX_LOOK_DAYS = 400
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Warmup:
    """A quota that grows day by day for a young number."""

    first: int  # messages on the first day
    step: int  # more on each further day
    since: date


@dataclass(frozen=True, slots=True)
class Schedule:
    """A programación. An end before the start means across midnight; such a window belongs to the day it opens on."""

    timezone: str  # IANA name, the tenant's
    weekdays: frozenset[int]  # 0 is Monday
    start_minute: int  # 0 to 1439, of the local day
    end_minute: int  # 1 to 1440, exclusive
    first_day: date | None = None
    last_day: date | None = None  # inclusive
    daily_quota: int | None = None  # messages of the tenant per local day
    delay_min_ms: int = 0  # between two campaign messages of the tenant
    delay_max_ms: int = 0
    warmup: Warmup | None = None

    def quota_on(self, day: date) -> int | None:
        """Messages the tenant may send on a local day; None for no limit."""
        if self.warmup is None:
            return self.daily_quota
        grown = self.warmup.first + self.warmup.step * max(0, (day - self.warmup.since).days)
        return grown if self.daily_quota is None else min(grown, self.daily_quota)


def local_day(timezone: str, now_ms: int) -> date:
    """The local day at an instant."""
    return _local(timezone, now_ms).date()


def day_number(day: date) -> int:
    """`2026-11-20` → 20261120, as counters and tables keep a local day."""
    return day.year * 10_000 + day.month * 100 + day.day


def is_open(schedule: Schedule, now_ms: int) -> bool:
    """Whether the wall clock at this instant stands within the window."""
    local = _local(schedule.timezone, now_ms)
    day, at = local.date(), local.hour * 60 + local.minute
    if schedule.start_minute < schedule.end_minute:
        return schedule.start_minute <= at < schedule.end_minute and _opens_on(schedule, day)
    if at >= schedule.start_minute and _opens_on(schedule, day):
        return True
    return at < schedule.end_minute and _opens_on(schedule, day - timedelta(days=1))


def open_until(schedule: Schedule, now_ms: int) -> int | None:
    """The first instant at which the window is closed or the local day is over; None where it is closed now."""
    if not is_open(schedule, now_ms):
        return None
    day = local_day(schedule.timezone, now_ms)
    for edge in _edges_from(schedule, day, now_ms):
        if local_day(schedule.timezone, edge) != day or not is_open(schedule, edge):
            return edge
    raise AssertionError("a local day has an end")


def opens_at(schedule: Schedule, now_ms: int) -> int | None:
    """The first instant from now on at which the window is open; None where it never is again."""
    if is_open(schedule, now_ms):
        return now_ms
    day = local_day(schedule.timezone, now_ms)
    for ahead in range(_MAX_LOOK_DAYS):
        that_day = day + timedelta(days=ahead)
        if schedule.last_day is not None and that_day > schedule.last_day + timedelta(days=1):
            return None
        for edge in _edges_from(schedule, that_day, now_ms):
            if is_open(schedule, edge):
                return edge
    return None


def next_day_at(schedule: Schedule, now_ms: int) -> int:
    """The instant at which the next local day begins."""
    day = local_day(schedule.timezone, now_ms)
    return next(edge for edge in _edges_from(schedule, day, now_ms) if local_day(schedule.timezone, edge) > day)


def _opens_on(schedule: Schedule, day: date) -> bool:
    return (
        day.weekday() in schedule.weekdays
        and (schedule.first_day is None or day >= schedule.first_day)
        and (schedule.last_day is None or day <= schedule.last_day)
    )


def _edges_from(schedule: Schedule, day: date, after_ms: int) -> Iterator[int]:
    """Instants after `after_ms` at which an answer may change, in order: of `day` and of the next day that there is.

    A zone that crosses the date line leaves a day out (Pacific/Apia, 30 December 2011); hence the third.
    """
    for that_day in (day, day + timedelta(days=1), day + timedelta(days=2)):
        for edge in _edges(schedule.timezone, that_day, schedule.start_minute, schedule.end_minute % DAY_MINUTES):
            if edge > after_ms:
                yield edge


@lru_cache(maxsize=16_384)
def _edges(timezone: str, day: date, *minutes: int) -> tuple[int, ...]:
    """A day's beginning, the minutes on its wall clock (both, where the clock shows one twice) and clock changes."""
    zone = ZoneInfo(timezone)
    found = {
        _instant(datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone).replace(fold=fold))
        for minute in (0, *minutes)
        for fold in (0, 1)
    }
    noon_before = _instant(datetime.combine(day - timedelta(days=1), time(12), tzinfo=zone))
    found.update(_clock_changes(zone, noon_before, noon_before + 2 * _DAY_MS))
    return tuple(sorted(edge for edge in found if datetime.fromtimestamp(edge / 1000, zone).date() == day))


def _clock_changes(zone: ZoneInfo, low: int, high: int) -> Iterator[int]:
    """The instant between two at which the zone's offset changes, where it does."""
    before = _offset(zone, low)
    if before == _offset(zone, high):
        return
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    yield high


def _offset(zone: ZoneInfo, at_ms: int) -> timedelta | None:
    return datetime.fromtimestamp(at_ms / 1000, zone).utcoffset()


def _instant(local: datetime) -> int:
    return round(local.astimezone(UTC).timestamp() * 1000)


def _local(timezone: str, at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone))
