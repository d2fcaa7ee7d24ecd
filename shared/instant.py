"""Points in time: whole milliseconds since the epoch inside, ISO 8601 in UTC at the edges."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999  # 0001-01-01 and the end of 9999, in UTC


class Clock:
    """A process's reading of the installation's time: set by Redis' clock now and then, steady in between."""

    def __init__(self) -> None:
        self._set: tuple[int, int] | None = None  # what time it was, and when that was, of `boot_ms`

    def set(self, now_ms: int, at_ms: int) -> None:
        """It was `now_ms` when `boot_ms` was `at_ms`."""
        self._set = (now_ms, at_ms)

    def at(self, at_ms: int) -> int:
        """What time it is when `boot_ms` is `at_ms`; what the machine's clock says as long as nobody set this one."""
        return own_clock_ms() if self._set is None else self._set[0] + at_ms - self._set[1]

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return self.at(boot_ms())


CLOCK = Clock()  # this process's; `shared.clock.timekeeper` sets it where the process decides on times


def now_ms() -> int:
    """The installation's time in whole milliseconds. Pass the result on; pure code never reads the clock."""
    return CLOCK.now_ms()


def boot_ms() -> int:
    """As `steady_ms`, and it also goes on while the machine is suspended."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def own_clock_ms() -> int:
    """What this machine's clock says, in whole milliseconds."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """A clock that only goes forward, for how long something lasts; means nothing outside this process."""
    return time.monotonic_ns() // 1_000_000


def to_iso(ms: int | None) -> str | None:
    """`1767225600000` → `2026-01-01T00:00:00.000Z`; None stays None."""
    if ms is None:
        return None
    return f"{_second(ms // 1000)}.{ms % 1000:03}Z"


@lru_cache(maxsize=1_024)  # what is told together happened in the same few seconds
def _second(s: int) -> str:
    return (_EPOCH + timedelta(seconds=s)).replace(tzinfo=None).isoformat()


def from_iso(text: str) -> int:
    """Parses ISO 8601 into milliseconds. A time without an offset is UTC.

    Raises ValueError, also for a moment that `to_iso` can't write: in UTC it is not of the years 1 to 9999.
    """
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    ms = round((parsed - _EPOCH) / _MILLISECOND)
    if not _FIRST_MS <= ms <= _LAST_MS:
        raise ValueError(text)
    return ms
