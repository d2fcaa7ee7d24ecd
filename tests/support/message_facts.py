"""A message as the bridge tells it (session_worker/engine/bridge/messages/content.js), and what it means."""

from __future__ import annotations

from typing import Any

from shared.protocol.events import MessageInbound

CHAT = "5491122334455@c.us"


def facts(**given: Any) -> dict[str, Any]:
    """A text from a person, save what is given. fields: what its type has besides."""
    plain: dict[str, Any] = {
        "key": f"false_{CHAT}_3EB0A1",
        "chat": CHAT,
        "from_me": False,
        "type": "chat",
        "subtype": "",
        "at_ms": 5,
        "sender": "5491122334455",
        "push_name": "Ana",
        "text": "hola",
        "reply_to": "",
        "fields": {},
    }
    return plain | given


def inbound(sender: str = "5491122334455") -> MessageInbound:
    """What the plain facts mean, from this sender."""
    return MessageInbound(sender, "hola", 5, f"false_{CHAT}_3EB0A1", CHAT, push_name="Ana")
