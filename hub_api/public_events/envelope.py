"""A change that callers are told of, and the envelope in which they get it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from hub_api.public_events import numbers
from hub_api.public_events.types import PublicEventType
from hub_api.registry import PublishedEvent
from hub_api.storable import storable
from shared.instant import to_iso
from shared.recipient_key import address_of

VERSION = 1  # of the envelope; grows only where a field changes its meaning or goes
_MAX_CHAT = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What happened. data: the object, as the API gives it. chat: of `chat_key`, "" for none. at: milliseconds."""

    cliente_id: int
    type: PublicEventType
    at: int
    data: Mapping[str, object]
    chat: str = ""


def chat_key(chat_id: str) -> str:
    """The same for all that happens in one chat. chat_id: `…@c.us`, `…@lid`, `…@g.us`, or a number alone."""
    return storable(address_of(chat_id) or chat_id, _MAX_CHAT)


def published(number: int, change: Change) -> PublishedEvent:
    """The change under its number, in its envelope."""
    envelope = {
        "id": numbers.write(number),
        "type": change.type.value,
        "version": VERSION,
        "timestamp": to_iso(change.at),
        "cliente_id": change.cliente_id,
        "data": change.data,
    }
    return PublishedEvent(
        number=number,
        event_id=numbers.write(number),
        cliente_id=change.cliente_id,
        type=change.type.value,
        chat=change.chat,
        at=change.at,
        body=json.dumps(envelope, separators=(",", ":")),
    )
