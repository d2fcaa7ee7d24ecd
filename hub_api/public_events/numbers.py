"""The numbers of public events: they grow in the order in which transactions end, and tell the time. Pure.

A number is the moment it was given, in milliseconds, times 2^20, or one more than the last where that is not less. One
transaction at a time gives numbers, so whoever has read up to one has missed none before it. Callers see it as text of
19 digits: it sorts as the number does, and JavaScript would round the number itself.
"""

from __future__ import annotations

_SHIFT = 20  # bits: a million numbers in each millisecond
_DIGITS = 19


def following(last: int, now_ms: int) -> int:
    """The number after `last`, 0 where there is none yet."""
    return max(last + 1, earliest(now_ms))


def earliest(at_ms: int) -> int:
    """The lowest number that is given at a moment or later."""
    return at_ms << _SHIFT


def time_ms(number: int) -> int:
    """When a number was given."""
    return number >> _SHIFT


def write(number: int) -> str:
    """As callers see it: the event's `id`."""
    return str(number).zfill(_DIGITS)


def read(event_id: str) -> int:
    """The number back. Raises ValueError for what is no event's id."""
    if len(event_id) != _DIGITS or not (event_id.isascii() and event_id.isdigit()):
        raise ValueError("no id of an event")
    number = int(event_id)
    if number >= 1 << 63:
        raise ValueError("no id of an event")
    return number
