"""Waiting until a message is out (CONTRACT section 4, `?wait=seconds`)."""

from __future__ import annotations

from hub_api.hub import Hub
from shared.message import Message
from shared.message_state import OPEN_STATUSES, MessageStatus

_OUT = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ})


def is_out(message: Message) -> bool:
    """True once WhatsApp's server acknowledged it."""
    return message.status in _OUT


def until_settled(hub: Hub, message: Message, seconds: float) -> Message:
    """The message once it is sent or ended, or as it stands when time is up. Raises redis.RedisError."""
    found = hub.waiting.until(message.cliente_id, seconds, lambda: _settled(hub, message))
    return found or hub.ledger.read(message.message_id) or message


def _settled(hub: Hub, message: Message) -> Message | None:
    now = hub.ledger.read(message.message_id)
    return now if now is not None and now.status not in OPEN_STATUSES else None
