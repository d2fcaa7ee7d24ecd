"""The mirror of wanted sessions in Redis; SQL is the master."""

from __future__ import annotations

import json


def wanted_value(now_ms: int, reason: str) -> str:
    """The value of one entry of the wanted sessions' mirror."""
    return json.dumps({"since": now_ms, "reason": reason})
