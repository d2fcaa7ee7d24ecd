"""Whether somebody delivers, and how much waits: for `/ready` and the log."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress

import redis
from sqlalchemy import func, select

from hub_api.registry import PartState
from hub_api.services import Services
from hub_api.webhooks.models import HAS_FAILED, IS_WAITING, WebhookDelivery, WebhookEndpoint
from shared.instant import now_ms
from shared.names import Keys

_BEAT_EACH_S = 1.0
_RECENT_MS = 30_000
_FAILED_WITHIN_MS = 86_400_000


class Heartbeat:
    """A webhook worker says that it looks for what is due; one per process."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._key = keys.last_look("webhooks")
        self._guard = threading.Lock()
        self._next = 0.0

    def beat(self) -> None:
        """Called at each look; says so once a second. Never raises for a Redis that is away."""
        with self._guard:
            if time.monotonic() < self._next:
                return
            self._next = time.monotonic() + _BEAT_EACH_S
        with suppress(redis.RedisError):
            self._client.set(self._key, now_ms())


def worker_state(services: Services, now_ms: int) -> PartState:
    """Whether a webhook worker looked lately. Raises redis.RedisError."""
    last = services.client.get(services.keys.last_look("webhooks"))
    if not isinstance(last, str):
        return PartState(False, "no webhook worker ever looked for what is due")
    age_ms = max(0, now_ms - int(last))
    return PartState(age_ms < _RECENT_MS, f"looked for what is due {age_ms // 1000} s ago")


def depths(services: Services, now_ms: int) -> Mapping[str, int]:
    """Of all tenants: deliveries that wait, and the age in seconds of the oldest; those that failed for good within a
    day; endpoints that fail now, and that were disabled by themselves. Raises sqlalchemy.exc.SQLAlchemyError."""
    waiting = select(func.count(), func.min(WebhookDelivery.id)).where(IS_WAITING)
    failed = select(func.count()).where(HAS_FAILED, WebhookDelivery.ended_at >= now_ms - _FAILED_WITHIN_MS)
    failing = select(func.count(WebhookEndpoint.failing_since)).where(WebhookEndpoint.active.is_(True))
    disabled = select(func.count()).where(WebhookEndpoint.disabled_at.is_not(None), WebhookEndpoint.active.is_(False))
    with services.database.reading() as session:
        count, first = session.execute(waiting.select_from(WebhookDelivery)).one()
        oldest = session.scalar(select(WebhookDelivery.created_at).where(WebhookDelivery.id == first))
        return {
            "waiting": count,
            "oldest_waiting_seconds": 0 if oldest is None else max(0, now_ms - oldest) // 1000,
            "failed_last_day": session.scalar(failed.select_from(WebhookDelivery)) or 0,
            "failing_endpoints": session.scalar(failing) or 0,
            "disabled_endpoints": session.scalar(disabled.select_from(WebhookEndpoint)) or 0,
        }
