"""What a call of the control API carries, read and checked: its JSON body and its query.

Every function raises BadRequest, with the field's name, if a value isn't of the kind it has to be.
"""

from __future__ import annotations

import json

from aiohttp import web

from simulator.errors import BadRequest
from simulator.world.numbers import parse_number

Body = dict[str, object]

_MAX_ROWS = 100_000


async def read_body(request: web.Request) -> Body:
    """Return the body's JSON object; an empty body is an empty object."""
    text = await request.text()
    if not text:
        return {}
    try:
        body = json.loads(text)
    except ValueError:
        raise BadRequest("the body isn't JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("the body isn't a JSON object")
    return body


def text_of(body: Body, name: str) -> str | None:
    """Return a field's text; None if it isn't there."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} must be a string")
    return value


def required_text_of(body: Body, name: str) -> str:
    """Return a field's text, which must not be empty."""
    value = text_of(body, name)
    if not value:
        raise BadRequest(f"{name} is missing")
    return value


def flag_of(body: Body, name: str) -> bool | None:
    """Return a field's true or false; None if it isn't there."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false")
    return value


def positive_of(body: Body, name: str) -> int | None:
    """Return a field's whole number above 0; None if it isn't there."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise BadRequest(f"{name} must be a positive whole number")
    return value


def object_of(body: Body, name: str) -> Body | None:
    """Return a field's JSON object; None if it isn't there."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadRequest(f"{name} must be a JSON object")
    return value


def list_of(body: Body, name: str) -> list[object]:
    """Return a field's list, which must be there."""
    value = body.get(name)
    if not isinstance(value, list):
        raise BadRequest(f"{name} must be a list")
    return value


def whole_of(body: Body, name: str) -> int | None:
    """Return a field's whole number of 0 or more; None if it is null."""
    value = body[name]
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadRequest(f"{name} must be a whole number of 0 or more, or null")
    return value


def target_of(body: Body) -> tuple[str | None, str | None]:
    """Return the phone and the device that a fault is for; both None for all."""
    target = body.get("target", "all")
    if target == "all":
        return None, None
    if isinstance(target, dict) and "phone" in target:
        return parse_number(target["phone"]), None
    if isinstance(target, dict) and "device" in target:
        return None, str(target["device"])
    raise BadRequest('target must be "all", {"phone": number} or {"device": id}')


def window_of(request: web.Request) -> tuple[int, int]:
    """Return the `seq` after which rows are asked for, and how many at most."""
    return _whole_of(request, "after_seq", 0), min(_whole_of(request, "limit", _MAX_ROWS), _MAX_ROWS)


def last_of(request: web.Request) -> int:
    """Return how many of the newest rows are asked for."""
    return _whole_of(request, "last", _MAX_ROWS)


def _whole_of(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdigit():
        raise BadRequest(f"{name} must be a whole number")
    return int(text)
