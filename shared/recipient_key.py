"""Which spellings of a number mean one phone on WhatsApp. Pure.

Three countries have a digit that WhatsApp's ids of the same phone carry or lack: the mobile 9 after Argentina's 54,
the ninth digit of Brazilian mobiles, the 1 that Mexico dropped in 2019. Numbers are compared by their key, which has
none of these; a number is shown, and written to, as it was given. The migration that gave stored numbers their keys
spells the same rule in SQL (`hub_api/migrations`).
"""

from __future__ import annotations

import re

# Country and area, the digit that may be missing, the rest. Brazil's landlines have 8 digits, the first from 2 to 5.
_OPTIONAL_DIGIT = {
    "54": ("9", re.compile(r"(54)9?(\d{10})")),
    "55": ("9", re.compile(r"(55\d\d)9?([016-9]\d{7})")),
    "52": ("1", re.compile(r"(52)1?(\d{10})")),
}


def recipient_key(number: str) -> str:
    """What all forms of one phone have in common. number: canonical digits; anything else is its own key."""
    parts = _parts(number)
    return number if parts is None else parts[0] + parts[2]


def forms(number: str) -> tuple[str, ...]:
    """The number itself, then the other form under which WhatsApp may know the phone. number: canonical digits."""
    parts = _parts(number)
    if parts is None:
        return (number,)
    head, digit, rest = parts
    return tuple(dict.fromkeys((number, head + rest, head + digit + rest)))


def address_of(chat_id: str) -> str:
    """What a chat's id says of its recipient: the key of its number, or the LID as it is; "" for a group and the like.

    chat_id: `<number>@c.us`, `<lid>@lid`, or a number alone. Where WhatsApp answers another address than a number's own
    key, the two are joined: `recipient_addresses` in SQL, `Keys.addresses` in Redis.
    """
    user, _, server = chat_id.partition("@")
    if server == "lid":
        return chat_id
    return recipient_key(user) if server in ("", "c.us", "s.whatsapp.net") and user.isdigit() else ""


def chat_of(whatsapp_id: str) -> str:
    """The chat that a key of WhatsApp's names, `true_<chat id>_<id>`; "" where it is none."""
    parts = whatsapp_id.split("_", 2)
    return parts[1] if len(parts) == 3 and "@" in parts[1] else ""


def _parts(number: str) -> tuple[str, str, str] | None:
    digit, pattern = _OPTIONAL_DIGIT.get(number[:2], ("", None))
    found = None if pattern is None else pattern.fullmatch(number)
    return None if found is None else (found[1], digit, found[2])
