"""Which conversation an address means: a person is one, by whatever number or LID WhatsApp tells; a group is one.

A conversation's key is the recipient's key where a number is known, else the address as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.recipients.models import RecipientAddress
from hub_api.recipients.service import Address
from hub_api.recording.rows import among
from hub_api.web.fields import canonical
from shared.errors import InvalidTo
from shared.protocol.events import MessageInbound
from shared.protocol.inbound import Direction
from shared.recipient_key import address_of, forms, recipient_key

_LID = re.compile(r"\d{1,30}@lid")
_GROUP = re.compile(r"[0-9-]{1,60}@(g\.us|broadcast|newsletter)|status@broadcast")
_WHATSAPPS_DIGITS = re.compile(r"([1-9][0-9]{4,14})(@c\.us|@s\.whatsapp\.net)?")  # of numbers that no plan knows too


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation. chat_id: as callers see it, `<number>@c.us` where the number is known."""

    key: str
    chat_id: str
    number: str | None = None


def of_number(number: str) -> Chat:
    """With a person. number: digits."""
    return Chat(recipient_key(number), f"{number}@c.us", number)


def of_recipient(to: str) -> Chat:
    """The conversation that a message goes to. to: digits, or a group's id."""
    return of_number(to) if to.isdigit() else Chat(to, to)


def numbers_of(session: Session, addresses: Iterable[Address]) -> dict[Address, str]:
    """The numbers of those addresses that WhatsApp answered for one."""
    asked = set(addresses)
    if not asked:
        return {}
    row = RecipientAddress
    statement = select(row.cliente_id, row.address, row.number).where(
        row.cliente_id.in_({cliente_id for cliente_id, _ in asked}),
        among(session, row.address, {address for _, address in asked}),
    )
    return {(cliente_id, address): number for cliente_id, address, number in session.execute(statement)}


def of_message(cliente_id: int, message: MessageInbound, numbers: Mapping[Address, str]) -> Chat:
    """The conversation of a message. numbers: of `numbers_of`, for its chat's address."""
    address = address_of(message.chat or message.sender)
    if not address:  # a group and the like
        return Chat(message.chat[:100], message.chat[:100])
    user = (message.chat or message.sender).partition("@")[0]
    number = numbers.get((cliente_id, address))
    if number is None and message.direction is Direction.IN and message.sender.isdigit():
        number = message.sender
    if number is None and not address.endswith("@lid"):
        number = user
    return Chat(address[:100], address[:100]) if number is None else of_number(number[:20])


def asked_for(session: Session, cliente_id: int, asked: str, country: str, field: str) -> Chat:
    """The conversation that a caller names by a chat id or a number. Raises InvalidTo naming the field."""
    if _GROUP.fullmatch(asked):
        return Chat(asked, asked)
    address = asked if _LID.fullmatch(asked) else recipient_key(digits_of(asked, country, field))
    number = numbers_of(session, [(cliente_id, address)]).get((cliente_id, address))
    if number is None and address.endswith("@lid"):
        return Chat(address, address)
    return of_number(number or digits_of(asked, country, field))


def senders_asked_for(session: Session, cliente_id: int, asked: str, country: str, field: str) -> list[str]:
    """All by whom a message may be from that is from this number or LID. Raises InvalidTo naming the field."""
    if _LID.fullmatch(asked):
        number = numbers_of(session, [(cliente_id, asked)]).get((cliente_id, asked))
        return [asked, *(forms(number) if number is not None else ())]
    own = forms(digits_of(asked, country, field))
    return list(dict.fromkeys([*own, *addresses_of(session, cliente_id, own)]))


def addresses_of(session: Session, cliente_id: int, numbers: Iterable[str]) -> list[str]:
    """The addresses that WhatsApp answered for these numbers."""
    row = RecipientAddress
    statement = select(row.address).where(row.cliente_id == cliente_id, row.number.in_(list(numbers)))
    return list(session.scalars(statement))


def digits_of(asked: str, country: str, field: str) -> str:
    """A number as callers give it, or as WhatsApp tells it. Raises InvalidTo naming the field."""
    try:
        return canonical(asked, country, field)
    except InvalidTo:
        if (told := _WHATSAPPS_DIGITS.fullmatch(asked)) is not None:
            return told[1]
        raise
