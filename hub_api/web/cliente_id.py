"""Parsing `cliente_id`, wherever a call names it, and finding the one that it means. Pure."""

from __future__ import annotations

import re

from shared.errors import InvalidClienteId, InvalidHeader, MissingHeader, ValidationFailed

MAX_CLIENTE_ID = 2_147_483_647  # the database's integer
_DIGITS = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_INSTANCE_PREFIX = "sender_"


def parse(text: str) -> int:
    """`"51"` → 51. Raises InvalidClienteId."""
    found = _number(text)
    if found is None:
        raise InvalidClienteId(details={"cliente_id": "a positive integer"})
    return found


def parse_header(text: str | None) -> int:
    """The header X-Cliente-Id. Raises MissingHeader, InvalidHeader."""
    if text is None:
        raise MissingHeader(details={"X-Cliente-Id": "required"})
    found = _number(text)
    if found is None:
        raise InvalidHeader(details={"X-Cliente-Id": "a positive integer"})
    return found


def parse_instance(text: str) -> int | None:
    """`"sender_51"` → 51, None for anything else."""
    return _number(text.removeprefix(_INSTANCE_PREFIX)) if text.startswith(_INSTANCE_PREFIX) else None


def resolve(body: int | None, header: str | None, query: str | None, token: int | None) -> int:
    """The tenant of a call that names none in its URL: from body, header or query, which must agree, else the token's.

    Raises MissingHeader where nobody names one, InvalidHeader, InvalidClienteId, ValidationFailed where two disagree.
    """
    named = {} if body is None else {"body": body}
    if header is not None:
        named["header"] = parse_header(header)
    if query is not None:
        named["query"] = parse(query)
    if not named:
        if token is None:
            raise MissingHeader(details={"X-Cliente-Id": "required"})
        return token
    if len(set(named.values())) > 1:
        raise ValidationFailed(details={"cliente_id": f"{' and '.join(named)} disagree"})
    return next(iter(named.values()))


def _number(text: str) -> int | None:
    return int(text) if _DIGITS.fullmatch(text) and int(text) <= MAX_CLIENTE_ID else None
