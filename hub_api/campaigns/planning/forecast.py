"""When a campaign will be done, if nothing goes wrong and it is alone. Pure."""

from __future__ import annotations

from hub_api.campaigns.planning import hours
from hub_api.campaigns.planning.hours import Schedule

_MAX_WINDOWS = 800


def expected_end(
    schedule: Schedule, now_ms: int, remaining: int, used_today: int, next_at_ms: int, tick_ms: int
) -> int | None:
    """The instant at which the last of `remaining` messages leaves; None where the schedule ends before.

    tick_ms: how often due messages are looked for, the least time between two.
    """
    if remaining <= 0:
        return now_ms
    each_ms = max(tick_ms, (schedule.delay_min_ms + schedule.delay_max_ms) // 2)
    at, used, day = max(now_ms, next_at_ms), used_today, hours.local_day(schedule.timezone, now_ms)
    for _ in range(_MAX_WINDOWS):
        opens = hours.opens_at(schedule, at)
        if opens is None:
            return None
        today = hours.local_day(schedule.timezone, opens)
        if today != day:
            day, used = today, 0
        until = hours.open_until(schedule, opens)
        if until is None:
            return None
        fits = -(-(until - opens) // each_ms)
        quota = schedule.quota_on(today)
        room = fits if quota is None else min(fits, max(0, quota - used))
        if remaining <= room:
            return opens + (remaining - 1) * each_ms
        remaining -= room
        used += room
        at = until
    return None
