"""How somebody shows himself on WhatsApp."""

from __future__ import annotations

from dataclasses import dataclass

from shared.protocol.wire import Record


@dataclass(frozen=True, slots=True)
class Profile(Record):
    """What is hidden from us is None."""

    chat_id: str  # `…@c.us`, or `…@lid`
    name: str | None = None  # as the phone's address book has it, or of a business its verified name
    push_name: str | None = None  # what he calls himself
    business: bool = False
    about: str | None = None
    picture_url: str | None = None  # at WhatsApp's servers, for some days
