"""Phone numbers and WhatsApp ids (wids): pure conversions.

A contact is known by its phone number (digits). On the wire it is a wid: `<number>@c.us`, or after WhatsApp's LID
migration `<lid>@lid`. Here a LID is a permutation of the number, so that it needs no table and can be undone. A chat
is a contact's number or a group's wid, `<digits>@g.us`.
"""

from __future__ import annotations

import re

from simulator.errors import BadRequest

_PRIME = 10**15 + 37
_FACTOR = 371_204_958_117_263
_INVERSE = pow(_FACTOR, -1, _PRIME)
_OFFSET = 10**14

_NUMBER = re.compile(r"^[1-9]\d{4,14}$")
_GROUP = re.compile(r"^\d{5,32}(-\d{5,15})?@g\.us$")
_DECORATION = re.compile(r"[\s+\-().]")


def parse_number(text: object) -> str:
    """Return the digits of a phone number given as digits, `+digits` or `digits@c.us`.

    Raises:
        BadRequest: it isn't 5 to 15 digits.
    """
    if not isinstance(text, str | int) or isinstance(text, bool):
        raise BadRequest("a phone number must be a string of digits")
    digits = _DECORATION.sub("", str(text).removesuffix("@c.us").removesuffix("@s.whatsapp.net"))
    if not _NUMBER.match(digits):
        raise BadRequest(f"not a phone number: {text!r}")
    return digits


def lid_of(number: str) -> str:
    """Return the LID (digits) that belongs to a phone number."""
    return str(_OFFSET + int(number) * _FACTOR % _PRIME)


def number_of_lid(lid: str) -> str:
    """Return the phone number that belongs to a LID (digits); the inverse of `lid_of`."""
    return str((int(lid) - _OFFSET) * _INVERSE % _PRIME)


def wid_of(number: str, *, lid: bool) -> str:
    """Return the wid of a contact, in its LID form or in its phone number form."""
    return f"{lid_of(number)}@lid" if lid else f"{number}@c.us"


def number_of_wid(wid: object) -> str:
    """Return the phone number behind a wid of either form.

    Raises:
        BadRequest: it is neither a phone number's wid nor a LID (a group, for instance).
    """
    if not isinstance(wid, str):
        raise BadRequest("a wid must be a string")
    user, _, server = wid.partition("@")
    if server == "lid" and user.isdigit():
        return parse_number(number_of_lid(user))
    if server in ("c.us", "s.whatsapp.net", ""):
        return parse_number(user)
    raise BadRequest(f"not a contact: {wid!r}")


def parse_group(text: object) -> str:
    """Return a group's wid. Raises BadRequest if it isn't one."""
    if not isinstance(text, str) or not _GROUP.match(text):
        raise BadRequest(f"not a group: {text!r}; one is digits and @g.us")
    return text


def parse_chat(text: object) -> str:
    """Return a chat: a group's wid as it is, of anything else a phone number's digits. Raises BadRequest."""
    return parse_group(text) if isinstance(text, str) and text.endswith("@g.us") else parse_number(text)


def chat_of_wid(wid: object) -> str:
    """Return the chat behind a wid of any form. Raises BadRequest if there can be none."""
    return parse_group(wid) if isinstance(wid, str) and wid.endswith("@g.us") else number_of_wid(wid)
