"""What the inbox does with events: each received message is recorded once, however often it was told."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.inbox.models import InboundMessage
from hub_api.storable import storable
from shared.names import EventType
from shared.protocol.events import Event, MessageInbound


class InboxRecorder:
    """Takes `message.inbound`. Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """Events whose message was recorded before, or stands in an earlier one of these."""
        found: set[str] = set()
        seen: set[tuple[int, str]] = set()
        for event in _inbound(events):
            message = (event.cliente_id, _whatsapp_id(event))
            if message in seen or _is_recorded(session, *message):
                found.add(event.event_id)
            seen.add(message)
        return found

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Adds a message for each event."""
        for event in _inbound(events):
            if not isinstance(event.body, MessageInbound):
                raise TypeError("no inbound message")
            session.add(
                InboundMessage(
                    event_id=event.event_id,
                    cliente_id=event.cliente_id,
                    whatsapp_id=_whatsapp_id(event),
                    from_number=storable(event.body.sender, 100),
                    text=storable(event.body.message, 100_000),
                    at=event.body.at,
                )
            )
            session.flush()  # one by one, so that their numbers follow their order


def _inbound(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.type is EventType.MESSAGE_INBOUND]


def _whatsapp_id(event: Event) -> str:
    return storable(event.message_id, 200)


def _is_recorded(session: Session, cliente_id: int, whatsapp_id: str) -> bool:
    statement = select(InboundMessage.id).where(
        InboundMessage.cliente_id == cliente_id, InboundMessage.whatsapp_id == whatsapp_id
    )
    return session.scalar(statement) is not None
