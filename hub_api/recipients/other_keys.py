"""Under which other keys WhatsApp may have a message: a person's chat changes its address, and its keys with it.

A key is `<from me>_<chat>_<id>`. In Redis the same is known by marks (`shared/ledger/identity.py`), which end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.recipients import chats
from hub_api.recipients.models import RecipientAddress
from hub_api.recipients.service import Address
from hub_api.recording.rows import among
from shared.recipient_key import address_of, chat_of, forms

MessageKey = tuple[int, str]  # (cliente_id, whatsapp_id)


def other_keys(session: Session, keys: Iterable[MessageKey]) -> dict[MessageKey, list[MessageKey]]:
    """By each key of a person's chat, the others under which its message may stand."""
    asked = {key: chat for key in keys if address_of(chat := chat_of(key[1]))}
    numbers = chats.numbers_of(session, ((cliente_id, address_of(chat)) for (cliente_id, _), chat in asked.items()))
    persons: dict[MessageKey, tuple[str, ...]] = {}
    for key, chat in asked.items():
        address = address_of(chat)
        number = numbers.get((key[0], address)) or ("" if address.endswith("@lid") else address)
        if number:
            persons[key] = forms(number)
    lids = _lids(session, {(key[0], number) for key, all_forms in persons.items() for number in all_forms})
    found: dict[MessageKey, list[MessageKey]] = {}
    for key, all_forms in persons.items():
        own = key[1].split("_", 2)
        addresses = [f"{number}@c.us" for number in all_forms]
        addresses += [lid for number in all_forms for lid in lids.get((key[0], number), ())]
        found[key] = [(key[0], f"{own[0]}_{chat}_{own[2]}") for chat in addresses if chat != own[1]]
    return found


def _lids(session: Session, numbers: set[tuple[int, str]]) -> dict[Address, list[str]]:
    """The LIDs that WhatsApp answered for numbers, by tenant and number."""
    if not numbers:
        return {}
    row = RecipientAddress
    statement = select(row.cliente_id, row.number, row.address).where(
        row.cliente_id.in_({cliente_id for cliente_id, _ in numbers}),
        among(session, row.number, {number for _, number in numbers}),
    )
    found: dict[Address, list[str]] = defaultdict(list)
    for cliente_id, number, address in session.execute(statement):
        if address.endswith("@lid"):
            found[cliente_id, number].append(address)
    return found
