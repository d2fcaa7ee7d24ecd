"""How a record goes over the wire: as a JSON object whose names and types are those of the record's fields.

A record is a frozen dataclass. A field without a default must be there; one with a default may be left out. What is
missing or of another type is refused by name. An unknown field is passed over, so that an older reader takes what a
newer writer sends; `unknown_fields` lets a test notice one. A field may hold a record, or a tuple of texts or records.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from typing import Any, Self, Union, get_args, get_origin, get_type_hints


class WireError(ValueError):
    """What arrived is not the record that was expected. The text names the record and the field, never a value."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One field as it goes over the wire. kinds: the types it may have; an enum is sent as its value."""

    name: str
    wire: str  # `from` can't be a Python name: such a field says `metadata={"wire": "from"}`
    kinds: tuple[type, ...]
    items: type | None  # of a tuple: what it holds
    default: object  # MISSING where there is none


class Record:
    """Base of every record on the wire."""

    __slots__ = ()

    def to_wire(self) -> dict[str, Any]:
        """The record as a JSON object; what stands at its default is left out."""
        found: dict[str, Any] = {}
        for field in _fields(type(self)):
            value = getattr(self, field.name)
            if field.default is MISSING or value != field.default:
                found[field.wire] = _sent(value)
        return found

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """The record of a JSON object. Raises WireError."""
        values: dict[str, Any] = {}
        for field in _fields(cls):
            if field.wire in data:
                values[field.name] = _checked(cls, field, data[field.wire])
            elif field.default is MISSING:
                raise WireError(f"{cls.__name__}: {field.wire} is missing")
        return cls(**values)

    @classmethod
    def unknown_fields(cls, data: Mapping[str, Any]) -> set[str]:
        """The names in a JSON object that are no field of the record."""
        return set(data) - {field.wire for field in _fields(cls)}


_known: dict[type[Any], tuple[_Field, ...]] = {}


def _fields(kind: type[Any]) -> tuple[_Field, ...]:
    """The fields of a record, looked up once per type."""
    found = _known.get(kind)
    if found is None:
        found = _known[kind] = _read_fields(kind)
    return found


def _read_fields(kind: type[Any]) -> tuple[_Field, ...]:
    hints = get_type_hints(kind)
    return tuple(
        _Field(
            field.name,
            field.metadata.get("wire", field.name),
            _kinds(hints[field.name]),
            _items(hints[field.name]),
            field.default,
        )
        for field in fields(kind)
    )


def _kinds(hint: Any) -> tuple[type, ...]:
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(get_args(hint))
    return (hint,)


def _items(hint: Any) -> type | None:
    """`tuple[str, ...]` → str."""
    return get_args(hint)[0] if get_origin(hint) is tuple else None


def _sent(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case Record():
            return value.to_wire()
        case tuple():
            return [_sent(one) for one in value]
    return value


def _checked(kind: type, field: _Field, value: Any) -> Any:
    if field.items is not None and isinstance(value, list):
        return tuple(_one_of(kind, field, (field.items,), one) for one in value)
    return _one_of(kind, field, field.kinds, value)


def _one_of(kind: type, field: _Field, kinds: tuple[type, ...], value: Any) -> Any:
    for each in kinds:
        if type(value) is each:  # exactly: True is no number
            return value
        if isinstance(each, type) and issubclass(each, Record) and isinstance(value, dict):
            return each.from_wire(value)
        if each is float and type(value) is int:  # JSON has one kind of number
            return float(value)
        if isinstance(each, type) and issubclass(each, Enum) and isinstance(value, str | int):
            try:
                return each(value)
            except ValueError:
                break
    raise WireError(f"{kind.__name__}: {field.wire} is of another type")
