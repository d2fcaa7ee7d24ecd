"""What a caller wrote, as international digits without a plus sign (docs/contract.md, identity).

Whether two numbers mean one phone is for `shared.recipient_key` to say.
"""

from __future__ import annotations

import re

import phonenumbers

from shared.errors import InvalidTo
from shared.recipient_key import forms

_USER_SUFFIXES = ("@c.us", "@s.whatsapp.net")
# What phonenumbers no longer knows and people still write.
_OLD_PREFIXES = (
    re.compile(r"(52)(?:1|01|044|045)(\d{10})"),  # Mexico until 2019; WhatsApp still shows the 1
    re.compile(r"(56)0(9\d{8})"),  # Chile's mobiles until 2018
    # Argentina: both the 9 from abroad and the 15 from within, after an area of two, three or four digits
    re.compile(r"(549(?:11(?=\d{10}$)|[23]\d\d(?=\d{9}$)|[23]\d{3}(?=\d{8}$)))15(\d+)"),
)
_MAX_INPUT = 64  # characters; the longest national form with separators is far below this


def canonical(raw: str, default_country: str) -> str:
    """Parses what a caller wrote into canonical digits, e.g. `5491123456789`.

    raw: international digits with or without `+`, a national form of `default_country`, or `<digits>@c.us`.
    default_country: ISO 3166 two-letter code used for national forms.
    Raises InvalidTo for groups and anything that is no possible number.
    """
    text = raw.strip()
    if not text or len(text) > _MAX_INPUT:
        raise InvalidTo()
    for suffix in _USER_SUFFIXES:
        if text.lower().endswith(suffix):
            return _international(text[: -len(suffix)])
    if "@" in text or any(character.isalpha() for character in text):
        raise InvalidTo()
    if text.startswith("+"):
        return _international(text[1:])
    if text.startswith("00"):
        return _international(text[2:])
    return _known(_parse(text, default_country)) or _international(text)


def masked(number: str) -> str:
    """A number for logs: everything but the country's start and the last two digits hidden."""
    return f"{number[:3]}…{number[-2:]}" if len(number) > 6 else "…"


def _international(text: str) -> str:
    number = _known(_parse("+" + text, None))
    if number is None:
        raise InvalidTo()
    return number


def _known(parsed: phonenumbers.PhoneNumber | None) -> str | None:
    """Canonical digits, if the phone could exist under one of its forms: WhatsApp has ids that no plan allows."""
    if parsed is None:
        return None
    number = _digits(parsed)
    if phonenumbers.is_valid_number(parsed):
        return number
    for old in _OLD_PREFIXES:
        if found := old.fullmatch(number):
            number = found[1] + found[2]
    known = (_parse("+" + form, None) for form in forms(number))
    return number if any(one is not None and phonenumbers.is_valid_number(one) for one in known) else None


def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _digits(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
