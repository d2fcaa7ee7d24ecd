"""What workers tell of tenant 51's conversations, in tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.names import EventType
from shared.protocol.events import MessageInbound, MessageMedia, MessageUpdated, event_data

WHO, CHAT = "5491187654321", "5491187654321@c.us"
OTHER = "5491187654322"
OWN = "5491150000051"
LID = "123456789012345@lid"
GROUP = "120363000000000001@g.us"
NOW = 1_800_000_000_000  # 2027-01-15T08:00:00Z
TEXT = MessageInbound(WHO, "hola", NOW, f"false_{CHAT}_A1", chat_id=CHAT)

Tell = Callable[..., None]


def message(id_: str, **fields: Any) -> MessageInbound:
    """One of a person's; fields: those in which it differs."""
    return replace(TEXT, whatsapp_id=f"false_{fields.get('chat_id', CHAT)}_{id_}", **fields)


def telling(services: Services, drain: Drain) -> Tell:
    """Tells and records, in this order."""

    def told(*bodies: MessageInbound | MessageUpdated | MessageMedia) -> None:
        for body in bodies:
            if isinstance(body, MessageInbound):
                services.ledger.receipts.record_inbound(51, [body], NOW)
                continue
            kind = EventType.MESSAGE_UPDATED if isinstance(body, MessageUpdated) else EventType.MESSAGE_MEDIA
            entry = {"type": kind.value, "cliente_id": "51", "message_id": body.whatsapp_id, "at": str(NOW)}
            services.client.xadd(services.keys.events, entry | {"data": event_data(body)})  # type: ignore[arg-type]
        drain.run()

    return told
