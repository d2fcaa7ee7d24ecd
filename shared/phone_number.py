"""One canonical form for phone numbers: international digits without a plus sign (docs/contract.md, identity)."""

from __future__ import annotations

import re

import phonenumbers

from shared.errors import InvalidTo

_USER_SUFFIXES = ("@c.us", "@s.whatsapp.net")
_OLD_MEXICAN_MOBILE = re.compile(r"^521(\d{10})$")  # WhatsApp still shows the 1 that Mexico dropped in 2019
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
    national = _parse(text, default_country)
    if national is not None and phonenumbers.is_valid_number(national):
        return _digits(national)
    return _international(text)


def masked(number: str) -> str:
    """A number for logs: everything but the country's start and the last two digits hidden."""
    return f"{number[:3]}…{number[-2:]}" if len(number) > 6 else "…"


def _international(text: str) -> str:
    digits = _OLD_MEXICAN_MOBILE.sub(r"52\1", text)
    parsed = _parse("+" + digits, None)
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        raise InvalidTo()
    return _digits(parsed)


def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _digits(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
