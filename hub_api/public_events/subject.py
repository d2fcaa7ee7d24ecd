"""What public events add to the hub: the handler that keeps them, and what the background worker does each second."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import redis

from hub_api.public_events import log
from hub_api.public_events.codes import Codes
from hub_api.public_events.pending import Pending
from hub_api.public_events.recorder import PublicEventRecorder
from hub_api.registry import RecordedHook, Subject
from hub_api.services import Services
from shared.instant import now_ms
from shared.protocol.events import Event

_HOUR_MS = 3_600_000


def _recorded(services: Services) -> RecordedHook:
    def tell(events: Sequence[Event]) -> None:
        _tell(services.client, services.keys.public_events_channel)

    return tell


def _note_codes(services: Services) -> Callable[[], object]:
    return Codes(services).note_new


def _publish_pending(services: Services) -> Callable[[], object]:
    pending = Pending(services)

    def run() -> None:
        if pending.publish():
            _tell(services.client, services.keys.public_events_channel)

    return run


def _forget_old(services: Services) -> Callable[[], object]:
    kept_ms = services.settings.events_kept_hours * _HOUR_MS
    return lambda: log.forget(services.database, now_ms() - kept_ms)


def _tell(client: redis.Redis, channel: str) -> None:
    """Wakes who waits for events. Raises redis.RedisError."""
    client.publish(channel, "")


SUBJECT = Subject(
    name="public_events",
    event_handlers=(PublicEventRecorder,),
    recorded=(_recorded,),
    after_events=(_note_codes, _publish_pending, _forget_old),
)
