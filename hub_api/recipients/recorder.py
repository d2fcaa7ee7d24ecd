"""What events tell of addresses: each key of WhatsApp's names a chat, and whose it is is known when it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from hub_api.recipients.service import Address, keep
from hub_api.storable import storable
from shared.protocol.events import Event, MessageInbound, MessageKey
from shared.recipient_key import address_of, chat_of, recipient_key


class AddressRecorder:
    """Takes `message.key` and `message.inbound`. Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """None: no event is kept here."""
        return set()

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Keeps the addresses that numbers don't say themselves."""
        found: dict[Address, str] = {}
        for event, address, number in _told(events):
            if address and number.isdigit() and address != recipient_key(number):
                found[event.cliente_id, storable(address, 100)] = number[:20]
        keep(session, found, max((event.at for event in events), default=0))


def _told(events: Sequence[Event]) -> Iterator[tuple[Event, str, str]]:
    """Each event that names a chat, with its address and the number that belongs to it."""
    for event in events:
        match event.body:
            case MessageKey(whatsapp_id=whatsapp_id, to=to):
                yield event, address_of(chat_of(whatsapp_id)), to
            case MessageInbound(sender=sender) if event.body.from_person:
                yield event, address_of(event.body.chat), sender
