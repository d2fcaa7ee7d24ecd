"""Calls that read, made again while the hub is being started."""

from __future__ import annotations

from typing import Any

import httpx

from testing.caller import Caller
from testing.waiting import until

PAGE = 500  # entries listed at once
_HUB_S = 30.0


def asked(caller: Caller, path: str, **query: object) -> dict[str, Any]:
    """The answer of a reading call. path: the whole of it. Raises AssertionError where none comes."""
    given = {name: str(value) for name, value in query.items()}

    def ask() -> httpx.Response | None:
        try:
            answer = caller.http.get(path, params=given)
        except httpx.TransportError:
            return None
        return answer if answer.status_code == 200 else None

    return dict(until(ask, _HUB_S, f"the hub to answer {path}", every_s=0.3).json())


def pages_of(caller: Caller, path: str, **query: object) -> list[dict[str, Any]]:
    """All that a list has."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = asked(caller, path, limit=PAGE, **query, **cursor)
        found += answer["items"]
        if answer["next"] is None:
            return found
        cursor = {"cursor": answer["next"]}
