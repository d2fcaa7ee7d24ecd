"""The state of each part the hub works with."""

from __future__ import annotations

import time
from typing import Any, cast

import redis
from sqlalchemy.exc import SQLAlchemyError

from hub_api.services import Services

NEEDED = frozenset({"redis", "database"})  # without these the hub can't serve
_RECENT_MS = 30_000
_MOST_NAMED = 20


def parts(services: Services, now_ms: int) -> dict[str, dict[str, Any]]:
    """`{part: {"ok", "detail"}}` for redis, database, background, hosts and ledger."""
    found = {"redis": _redis(services), "database": _database(services)}
    if found["redis"]["ok"]:
        try:
            return found | {
                "background": _background(services, now_ms),
                "hosts": _hosts(services),
                "ledger": _ledger(services),
            }
        except redis.RedisError as error:
            found["redis"] = _state(False, type(error).__name__)
    unknown = _state(False, "not known without redis")
    return found | {"background": unknown, "hosts": unknown, "ledger": unknown}


def _redis(services: Services) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        services.client.ping()
    except redis.RedisError as error:
        return _state(False, type(error).__name__)
    return _state(True, f"{(time.perf_counter() - started) * 1000:.1f} ms")


def _database(services: Services) -> dict[str, Any]:
    try:
        services.database.ping()
    except SQLAlchemyError as error:
        return _state(False, type(error).__name__)
    return _state(True, services.database.engine.dialect.name)


def _background(services: Services, now_ms: int) -> dict[str, Any]:
    last = services.client.get(services.keys.last_drain)
    if not isinstance(last, str):
        return _state(False, "never recorded events")
    age_ms = max(0, now_ms - int(last))
    return _state(age_ms < _RECENT_MS, f"recorded events {age_ms // 1000} s ago")


def _hosts(services: Services) -> dict[str, Any]:
    announced = cast("set[str]", services.client.smembers(services.keys.hosts))
    alive = services.client.exists(*map(services.keys.host, announced)) if announced else 0
    return _state(alive > 0, f"{alive} alive")


def _ledger(services: Services) -> dict[str, Any]:
    tenants = cast("list[str]", services.client.hkeys(services.keys.imbalances))
    if tenants:
        return _state(False, "does not add up for " + ", ".join(sorted(tenants, key=int)[:_MOST_NAMED]))
    return _state(True, "adds up")


def _state(good: bool, detail: str) -> dict[str, Any]:
    return {"ok": good, "detail": detail}
