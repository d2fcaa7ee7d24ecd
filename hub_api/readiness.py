"""The state of each part the hub works with."""

from __future__ import annotations

import time
from typing import Any, cast

import redis
from sqlalchemy.exc import SQLAlchemyError

from hub_api.hub import Hub

NEEDED = frozenset({"redis", "database"})  # without these the hub can't serve
_RECENT_MS = 30_000
_MOST_NAMED = 20


def parts(hub: Hub, now_ms: int) -> dict[str, dict[str, Any]]:
    """`{part: {"ok", "detail"}}` for redis, database, background, hosts and ledger."""
    found = {"redis": _redis(hub), "database": _database(hub)}
    if found["redis"]["ok"]:
        try:
            return found | {"background": _background(hub, now_ms), "hosts": _hosts(hub), "ledger": _ledger(hub)}
        except redis.RedisError as error:
            found["redis"] = _state(False, type(error).__name__)
    unknown = _state(False, "not known without redis")
    return found | {"background": unknown, "hosts": unknown, "ledger": unknown}


def _redis(hub: Hub) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        hub.client.ping()
    except redis.RedisError as error:
        return _state(False, type(error).__name__)
    return _state(True, f"{(time.perf_counter() - started) * 1000:.1f} ms")


def _database(hub: Hub) -> dict[str, Any]:
    try:
        hub.database.ping()
    except SQLAlchemyError as error:
        return _state(False, type(error).__name__)
    return _state(True, hub.database.engine.dialect.name)


def _background(hub: Hub, now_ms: int) -> dict[str, Any]:
    last = hub.client.get(hub.keys.last_drain)
    if not isinstance(last, str):
        return _state(False, "never recorded events")
    age_ms = max(0, now_ms - int(last))
    return _state(age_ms < _RECENT_MS, f"recorded events {age_ms // 1000} s ago")


def _hosts(hub: Hub) -> dict[str, Any]:
    announced = cast("set[str]", hub.client.smembers(hub.keys.hosts))
    alive = hub.client.exists(*map(hub.keys.host, announced)) if announced else 0
    return _state(alive > 0, f"{alive} alive")


def _ledger(hub: Hub) -> dict[str, Any]:
    tenants = cast("list[str]", hub.client.hkeys(hub.keys.imbalances))
    if tenants:
        return _state(False, "does not add up for " + ", ".join(sorted(tenants, key=int)[:_MOST_NAMED]))
    return _state(True, "adds up")


def _state(good: bool, detail: str) -> dict[str, Any]:
    return {"ok": good, "detail": detail}
