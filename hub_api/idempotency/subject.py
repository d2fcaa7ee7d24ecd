"""What idempotency keys add to the hub."""

from __future__ import annotations

from hub_api.idempotency.recorder import KeyRecorder
from hub_api.idempotency.restore import restore
from hub_api.registry import Subject

SUBJECT = Subject("idempotency", event_handlers=(KeyRecorder,), restore=(restore,))
