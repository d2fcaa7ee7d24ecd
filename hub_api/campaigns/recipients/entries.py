"""The rows of a list as people bring it, CSV or JSON objects, one after the other: nothing is kept. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from hub_api.campaigns.recipients.template import NAME, NUMBER, TemplateError, column_name

MAX_COLUMNS = 50
MAX_VALUE = 500
_ALIASES = {
    "phone": NUMBER, "numero": NUMBER, "number": NUMBER, "celular": NUMBER, "whatsapp": NUMBER, "tel": NUMBER,
    "to": NUMBER, "movil": NUMBER, "name": NAME,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowError:
    """line: as an editor counts it, the header is 1; in JSON the entry's position from 1. column: as in the list."""

    line: int
    column: str
    code: str
    text: str


class SheetError(ValueError):
    """The list as a whole can't be read. Its text is for a person."""


Row = tuple[int, dict[str, str]]  # the line, and values by column without empty ones


@dataclass(frozen=True, slots=True)
class Entries:
    """columns: beyond number and name. rows: each data row, or what is wrong with it; blank lines are none."""

    columns: tuple[str, ...]
    rows: Iterator[Row | RowError]


def of_csv(lines: Iterable[str]) -> Entries:
    """Reads a list with a header. lines: with their line ends. Raises SheetError for a header that is none."""
    first, rest = _first(lines)
    reader = csv.reader(chain((first,), rest), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise SheetError(f"line 1: {error}") from None
    if not header or not any(cell.strip() for cell in header):
        raise SheetError("the list is empty: its first line must name the columns")
    names = _names(header)
    return Entries(further(names), _csv_rows(reader, names))


def of_objects(rows: Iterable[object], by_key: Mapping[str, str]) -> Entries:
    """Reads a list of JSON objects, one per recipient. by_key: of `columns_of`."""
    return Entries(further(by_key.values()), _object_rows(rows, by_key))


def columns_of(rows: Iterable[object]) -> dict[str, str]:
    """Which key of the objects is which column. Raises SheetError."""
    found: dict[str, None] = {}
    for row in rows:
        if isinstance(row, Mapping):
            found.update(dict.fromkeys(map(str, row)))
        if len(found) > MAX_COLUMNS:
            break
    return dict(zip(found, _names(list(found) or [NUMBER]), strict=False))


def further(names: Iterable[str]) -> tuple[str, ...]:
    """The columns beyond number and name."""
    return tuple(name for name in names if name not in (NUMBER, NAME))


def _first(lines: Iterable[str]) -> tuple[str, Iterator[str]]:
    rest = iter(lines)
    return next(rest, ""), rest


def _csv_rows(reader: Any, names: Sequence[str]) -> Iterator[Row | RowError]:
    while True:
        line = reader.line_num + 1  # a cell may span lines: where the row begins
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RowError(line, "", "BAD_ROW", str(error))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names):
            yield RowError(line, "", "BAD_ROW", f"{len(cells)} cells, the header names {len(names)} columns")
            continue
        values = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
        yield _fault(line, values) or (line, values)


def _object_rows(rows: Iterable[object], by_key: Mapping[str, str]) -> Iterator[Row | RowError]:
    for line, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            yield RowError(line, "", "BAD_ROW", "not an object")
            continue
        values: dict[str, str] = {}
        fault: RowError | None = None
        for key, value in row.items():
            if isinstance(value, bool | list | dict):
                fault = RowError(line, str(key)[:60], "BAD_VALUE", "must be text or a number")
            elif value is not None and str(value).strip():
                values[by_key[str(key)]] = str(value).strip()
        yield fault or _fault(line, values) or (line, values)


def _fault(line: int, values: Mapping[str, str]) -> RowError | None:
    for name, value in values.items():
        if len(value) > MAX_VALUE:
            return RowError(line, name, "BAD_VALUE", f"longer than {MAX_VALUE} characters")
        if "\x00" in value or any("\ud800" <= mark <= "\udfff" for mark in value):
            return RowError(line, name, "BAD_VALUE", "holds a character that no text can have")
    return None


def _names(header: Sequence[str]) -> list[str]:
    if len(header) > MAX_COLUMNS:
        raise SheetError(f"more than {MAX_COLUMNS} columns")
    names: list[str] = []
    for position, cell in enumerate(header, 1):
        try:
            name = column_name(cell)
        except TemplateError as error:
            raise SheetError(f"line 1, column {position}: {error}") from None
        names.append(_ALIASES.get(name, name))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SheetError(f"line 1: the column {', '.join(twice)} stands there twice")
    if NUMBER not in names:
        raise SheetError(f"line 1: no column for the phone; name it {NUMBER}")
    return names
