"""Waiting until a message is out (CONTRACT section 4, `?wait=seconds`)."""

from __future__ import annotations

from hub_api.services import Services
from shared.ledger.message import Message
from shared.transitions.message import OPEN_STATUSES, MessageStatus

_OUT = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ})


def is_out(message: Message) -> bool:
    """True once WhatsApp's server acknowledged it."""
    return message.status in _OUT


def until_settled(services: Services, message: Message, seconds: float) -> Message:
    """The message once it is sent or ended, or as it stands when time is up. Raises redis.RedisError."""
    found = services.waiting.until(message.cliente_id, seconds, lambda: _settled(services, message))
    return found or services.ledger.read(message.message_id) or message


def _settled(services: Services, message: Message) -> Message | None:
    now = services.ledger.read(message.message_id)
    return now if now is not None and now.status not in OPEN_STATUSES else None
