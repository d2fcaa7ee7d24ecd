"""The scripts of the ledger: what all of them take from Python, so that no number and no name is written twice."""

from __future__ import annotations

from pathlib import Path

from shared.redis.scripts import Script, lua_table
from shared.transitions.message import TABLE

KEPT_MS = 7 * 86_400_000  # so long a message whose outcome is uncertain is kept, and what SQL does not have yet
# What has ended and is in SQL is kept, with WhatsApp's key of it, for the receipts that may come. See `settling/`.
RECEIPT_KEPT_MS = 3 * 86_400_000
READ_KEPT_MS = 86_400_000  # nothing more can come
UNSENT_KEPT_MS = 10 * 60_000  # it never had a key: nothing can come
ENTRY_BYTES = 1_000  # that an open message takes besides its text; benchmarks/RESULTS.md
IDEMPOTENCY_MS = 86_400_000
HEARD_MS = 86_400_000  # so long a single message may answer who wrote
SAME_MOMENT_MS = 60_000  # servers of Redis that began within it are one trouble
MAX_PACE_MS = 86_400_000  # no wait between two messages is longer
MAX_BACKOFF_MS = 900_000  # no message waits longer for its next attempt
LANE_WIDTH = 2**40  # an index's score is lane * LANE_WIDTH + order of acceptance
QUOTA_KEPT_S = 3 * 86_400
SENT_TODAY_KEPT_S = 2 * 86_400
MAX_ATTEMPTS = 5
STREAM_CHUNK = 1_000  # events that a script reads at once
NOTIFICATIONS = 16  # that wait on a tenant's queue at once: the owner asks by itself, so more would tell it nothing

_LIMITS = lua_table(
    "LIMIT",
    (
        ("kept_ms", KEPT_MS),
        ("receipt_kept_ms", RECEIPT_KEPT_MS),
        ("read_kept_ms", READ_KEPT_MS),
        ("unsent_kept_ms", UNSENT_KEPT_MS),
        ("entry_bytes", ENTRY_BYTES),
        ("idempotency_ms", IDEMPOTENCY_MS),
        ("max_pace_ms", MAX_PACE_MS),
        ("same_moment_ms", SAME_MOMENT_MS),
        ("max_backoff_ms", MAX_BACKOFF_MS),
        ("lane_width", LANE_WIDTH),
        ("quota_kept_s", QUOTA_KEPT_S),
        ("sent_today_kept_s", SENT_TODAY_KEPT_S),
        ("max_attempts", MAX_ATTEMPTS),
        ("notifications", NOTIFICATIONS),
        ("stream_chunk", STREAM_CHUNK),
    ),
)
_PRELUDE = (Path(__file__).parent / "prelude.lua").read_text("utf-8")


def _transitions() -> str:
    """The table of `shared.transitions.message` in Lua: AFTER[status][event] is the next status, or nil."""
    rows = []
    for status, row in TABLE.items():
        pairs = ", ".join(f"['{event.value}'] = '{following.value}'" for event, following in row.items())
        rows.append(f"{status.value} = {{{pairs}}}")
    return f"local AFTER = {{{', '.join(rows)}}}"


_PREAMBLE = (_LIMITS, _transitions(), *_PRELUDE.split("\n\n"))


def ledger_script(module: str, name: str) -> Script:
    """The script `name` beside a module. module: its `__file__`."""
    return Script(Path(module).parent / f"{name}.lua", _PREAMBLE)
