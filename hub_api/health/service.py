"""The state of each service that the hub works with, and how much waits."""

from __future__ import annotations

import time
from typing import Any

import redis
from sqlalchemy.exc import SQLAlchemyError

from hub_api.accounts.tenants import service as accounts
from hub_api.services import Services
from hub_api.subjects import ready_parts
from shared.builds.builds import Builds
from shared.clock import timekeeper
from shared.instant import now_ms as clock_ms
from shared.instant import own_clock_ms
from shared.logs import get_logger
from shared.sessions.hosts import Hosts

_log = get_logger(__name__)

_NEEDED = ("redis", "database")  # without these the hub can't serve
_PARTS = (*_NEEDED, "background", "hosts", "clock", "ledger", "whatsapp")
_RECENT_MS = 30_000
_MAX_NAMED = 20
_MAX_DEEPEST = 5
_MAX_BUILDS = 3


def readiness(services: Services, now_ms: int) -> tuple[bool, dict[str, dict[str, Any]]]:
    """Whether the hub can serve, and `{name: {"ok", "detail"}}` for each of `_PARTS` and of those that subjects add."""
    found = {"redis": _redis(services), "database": _database(services)}
    if found["redis"]["ok"]:
        try:
            found |= {
                "background": _background(services, now_ms),
                "hosts": _hosts(services),
                "clock": _clock(services),
                "ledger": _ledger(services),
                "whatsapp": _whatsapp(services),
            }
            for part in ready_parts():
                state = part.state(services, now_ms)
                found[part.name] = _state(state.ok, state.detail)
        except redis.RedisError as error:
            found["redis"] = _state(False, type(error).__name__)
    unknown = _state(False, "not known without redis")
    found = dict.fromkeys((*_PARTS, *(part.name for part in ready_parts())), unknown) | found
    return all(found[name]["ok"] for name in _NEEDED), found


def depths_of_parts(services: Services, now_ms: int) -> dict[str, dict[str, int]]:
    """How much waits, `{part: {name: number}}`; empty where the database is away."""
    try:
        return {part.name: dict(part.depths(services, now_ms)) for part in ready_parts()}
    except SQLAlchemyError:
        return {}


def record_depths(services: Services) -> dict[str, object]:
    """Logs how much waits: messages in queues and in flight, the deepest queues, events to record, and what waits
    in the parts that subjects add; returns the same.

    Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    found = services.ledger.entries.depths(accounts.tenants(services.database))
    deepest = sorted(found.items(), key=lambda pair: -pair[1][0])[:_MAX_DEEPEST]
    depths: dict[str, object] = {
        "queued": sum(queued for queued, _ in found.values()),
        "in_flight": sum(in_flight for _, in_flight in found.values()),
        "deepest": {cliente_id: queued for cliente_id, (queued, _) in deepest if queued},
        "events": services.client.xlen(services.keys.events),
        **depths_of_parts(services, clock_ms()),
    }
    _log.info("queues.depth", **depths)
    return depths


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
    last = services.client.get(services.keys.last_look("background"))
    if not isinstance(last, str):
        return _state(False, "never recorded events")
    age_ms = max(0, now_ms - int(last))
    return _state(age_ms < _RECENT_MS, f"recorded events {age_ms // 1000} s ago")


def _hosts(services: Services) -> dict[str, Any]:
    alive = Hosts(services.client, services.keys).alive()
    return _state(alive > 0, f"{alive} alive")


def _clock(services: Services) -> dict[str, Any]:
    good, detail = timekeeper.describe(timekeeper.read(services.client, services.keys), own_clock_ms())
    return _state(good, detail)


def _ledger(services: Services) -> dict[str, Any]:
    tenants = services.ledger.restoring.imbalances()
    if tenants:
        return _state(False, "does not add up for " + ", ".join(map(str, sorted(tenants)[:_MAX_NAMED])))
    return _state(True, "adds up")


def _whatsapp(services: Services) -> dict[str, Any]:
    """The builds of WhatsApp Web that sessions loaded last, each with what most of them say of it."""
    builds = Builds(services.client, services.keys)
    served = builds.served().revision
    judged = builds.latest(_MAX_BUILDS)
    said = [f"{one.build.build_id} {one.verdict.words} ({one.agreeing} of {one.sessions} sessions)" for one in judged]
    if served and all(one.build.revision != served for one in judged):
        said.append(f"{served} is served, not tried yet")
    good = not any(one.verdict.holds_sender for one in judged[:1])
    return _state(good, "; ".join(said) or "no build was loaded yet")


def _state(good: bool, detail: str) -> dict[str, Any]:
    return {"ok": good, "detail": detail}
