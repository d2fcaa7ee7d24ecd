"""What comes off the events stream as every database takes it."""

from __future__ import annotations

from typing import Any

from shared.protocol.events import Event


def storable(text: object, max_length: int) -> str:
    """Text without NUL and lone surrogates, not longer than its column."""
    return str(text).replace("\x00", "").encode("utf-8", "replace").decode()[:max_length]


def history_row(event: Event) -> dict[str, Any]:
    """The columns that every history has: of messages and of sessions."""
    return {
        "event_id": event.event_id,
        "cliente_id": event.cliente_id,
        "type": event.type.value,
        "at": event.at,
        "data": event.history_data,
    }
