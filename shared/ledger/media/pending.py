"""What is still to be fetched of one received message, as Redis keeps it from the moment the message is recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from shared.protocol.events import MessageInbound, event_data
from shared.protocol.inbound import InboundType, MediaSource
from shared.protocol.wire import Record


@dataclass(frozen=True, slots=True)
class PendingMedia(Record):
    """Bytes that nobody has fetched yet."""

    source: MediaSource
    type: InboundType
    tries: int = 0  # fetches that were begun
    expiries: int = 0  # of them, how often WhatsApp no longer had the bytes and the phone was asked


def to_fetch(message: MessageInbound) -> str:
    """The entry of a message that has bytes, "" for any other."""
    media = message.media
    return "" if media is None else pending_text(PendingMedia(media, message.type))


def pending_text(pending: PendingMedia) -> str:
    """An entry as Redis keeps it."""
    return event_data(pending)


def pending_from(text: str) -> PendingMedia:
    """Reads an entry. Raises WireError or ValueError for what is none."""
    told: Any = json.loads(text)
    return PendingMedia.from_wire(told)
