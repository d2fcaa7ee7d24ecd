"""Points in time: whole milliseconds since the epoch inside, ISO 8601 in UTC at the edges."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """The wall clock in whole milliseconds. Pass the result on; pure code never reads the clock."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """A clock that only goes forward, for how long something lasts; means nothing outside this process."""
    return time.monotonic_ns() // 1_000_000


def to_iso(ms: int | None) -> str | None:
    """`1767225600000` → `2026-01-01T00:00:00.000Z`; None stays None."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> int:
    """Parses ISO 8601 into milliseconds. A time without an offset is UTC. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return round(parsed.timestamp() * 1000)
