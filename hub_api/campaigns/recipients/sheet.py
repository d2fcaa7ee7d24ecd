"""A list of recipients as people bring it, CSV or JSON, made into recipients and errors by line and column. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub_api.campaigns.recipients.template import NAME, NUMBER, TemplateError, column_name
from shared.errors import InvalidTo
from shared.phone_number import canonical
from shared.recipient_key import recipient_key

MAX_COLUMNS = 50
MAX_VALUE = 500
MAX_ROWS = 1_000_000
MAX_TOLD = 1_000  # errors that are listed; further ones are only counted
_PROGRESS_EVERY = 1_000
_ALIASES = {
    "phone": NUMBER, "numero": NUMBER, "number": NUMBER, "celular": NUMBER, "whatsapp": NUMBER, "tel": NUMBER,
    "to": NUMBER, "movil": NUMBER, "name": NAME,
}  # fmt: skip

Progress = Callable[[int, int], None]  # rows done, rows in all


@dataclass(slots=True)
class Recipient:
    """Canonical digits; values by column, without empty ones."""

    number: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class RowError:
    """line: as an editor counts it, the header is 1; in JSON the entry's position from 1. column: as in the list."""

    line: int
    column: str
    code: str
    text: str


@dataclass(slots=True)
class Sheet:
    """What a list holds. rows: all data rows. merged: rows whose phone had come before, in whatever spelling."""

    columns: tuple[str, ...]  # beyond number and name
    recipients: list[Recipient] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    rows: int = 0
    merged: int = 0
    rejected: int = 0


class SheetError(ValueError):
    """The list as a whole can't be read. Its text is for a person."""


_Row = tuple[int, dict[str, str]]


def read_csv(raw: bytes, country: str, required: Iterable[str], progress: Progress | None = None) -> Sheet:
    """Reads a list with a header. raw: UTF-8, else Windows-1252; separated by comma, semicolon or tab.

    country: for national numbers. required: variables a row must have a value for. Raises SheetError.
    """
    text = _decoded(raw)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise SheetError(f"line 1: {error}") from None
    if not header or not any(cell.strip() for cell in header):
        raise SheetError("the list is empty: its first line must name the columns")
    names = _names(header)
    sheet = Sheet(tuple(name for name in names if name not in (NUMBER, NAME)))
    total = max(0, text.count("\n"))
    _collect(sheet, _csv_rows(reader, names, sheet), country, frozenset(required), progress, total)
    return sheet


def read_rows(rows: Sequence[object], country: str, required: Iterable[str], progress: Progress | None = None) -> Sheet:
    """Reads a list of JSON objects, one per recipient. Raises SheetError."""
    found: dict[str, None] = {}
    for row in rows:
        if isinstance(row, Mapping):
            found.update(dict.fromkeys(map(str, row)))
        if len(found) > MAX_COLUMNS:
            break
    by_header = dict(zip(found, _names(list(found) or [NUMBER]), strict=False))
    sheet = Sheet(tuple(name for name in by_header.values() if name not in (NUMBER, NAME)))
    _collect(sheet, _json_rows(rows, by_header, sheet), country, frozenset(required), progress, len(rows))
    return sheet


def _collect(
    sheet: Sheet,
    rows: Iterator[_Row],
    country: str,
    required: frozenset[str],
    progress: Progress | None,
    total: int,
) -> None:
    by_key: dict[str, Recipient] = {}
    for line, values in rows:
        sheet.rows += 1
        if sheet.rows > MAX_ROWS:
            raise SheetError(f"more than {MAX_ROWS:,} rows; bring it in parts")
        if progress is not None and sheet.rows % _PROGRESS_EVERY == 0:
            progress(sheet.rows, max(total, sheet.rows))
        raw = values.pop(NUMBER, "")
        try:
            number = canonical(raw, country)
        except InvalidTo:
            text = "no phone number" if not raw else f"“{raw[:40]}” is not a phone number WhatsApp could have"
            _reject(sheet, RowError(line, NUMBER, "INVALID_TO", text))
            continue
        key = recipient_key(number)
        known = by_key.get(key)
        merged = values if known is None else values | known.values
        missing = next((name for name in sorted(required) if name != NUMBER and not merged.get(name)), None)
        if missing is not None:
            text = f"empty, and {{{missing}}} has no fallback in the template"
            _reject(sheet, RowError(line, missing, "EMPTY_VARIABLE", text))
        elif known is None:
            by_key[key] = recipient = Recipient(number, values)
            sheet.recipients.append(recipient)
        else:
            sheet.merged += 1
            known.values = merged
    if progress is not None:
        progress(sheet.rows, sheet.rows)


def _csv_rows(reader: Any, names: Sequence[str], sheet: Sheet) -> Iterator[_Row]:
    while True:
        line = reader.line_num + 1  # a cell may span lines: where the row begins
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            _reject_row(sheet, RowError(line, "", "BAD_ROW", str(error)))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names):
            _reject_row(
                sheet, RowError(line, "", "BAD_ROW", f"{len(cells)} cells, the header names {len(names)} columns")
            )
            continue
        values = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
        fault = _fault(line, values)
        if fault is None:
            yield line, values
        else:
            _reject_row(sheet, fault)


def _json_rows(rows: Sequence[object], by_header: Mapping[str, str], sheet: Sheet) -> Iterator[_Row]:
    for line, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            _reject_row(sheet, RowError(line, "", "BAD_ROW", "not an object"))
            continue
        values: dict[str, str] = {}
        fault: RowError | None = None
        for header, value in row.items():
            if isinstance(value, bool | list | dict):
                fault = RowError(line, str(header)[:60], "BAD_VALUE", "must be text or a number")
            elif value is not None and str(value).strip():
                values[by_header[str(header)]] = str(value).strip()
        fault = fault or _fault(line, values)
        if fault is None:
            yield line, values
        else:
            _reject_row(sheet, fault)


def _fault(line: int, values: Mapping[str, str]) -> RowError | None:
    for name, value in values.items():
        if len(value) > MAX_VALUE:
            return RowError(line, name, "BAD_VALUE", f"longer than {MAX_VALUE} characters")
        if "\x00" in value or any("\ud800" <= mark <= "\udfff" for mark in value):
            return RowError(line, name, "BAD_VALUE", "holds a character that no text can have")
    return None


def _reject_row(sheet: Sheet, error: RowError) -> None:
    sheet.rows += 1
    _reject(sheet, error)


def _reject(sheet: Sheet, error: RowError) -> None:
    sheet.rejected += 1
    if len(sheet.errors) < MAX_TOLD:
        sheet.errors.append(error)


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


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    header = text.split("\n", 1)[0]
    return max(",;\t", key=header.count)
