"""The event of a test: only the endpoint that it is asked of is told of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hub_api.public_events.envelope import VERSION
from hub_api.registry import PublishedEvent
from shared.instant import to_iso

TYPE = "webhook.test"


def trial_event(event_id: str, cliente_id: int, data: Mapping[str, Any], at_ms: int) -> PublishedEvent:
    """In the envelope of every event. event_id: no other event's."""
    envelope = {
        "id": event_id,
        "type": TYPE,
        "version": VERSION,
        "timestamp": to_iso(at_ms),
        "cliente_id": cliente_id,
        "data": data,
    }
    return PublishedEvent(0, event_id, cliente_id, TYPE, "", at_ms, json.dumps(envelope, separators=(",", ":")))
