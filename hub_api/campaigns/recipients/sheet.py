"""A whole list at once, to look at before it is imported: its recipients, and its errors by line and column. Pure."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from hub_api.campaigns.recipients.entries import Entries, RowError, SheetError, columns_of, of_csv, of_objects
from hub_api.campaigns.recipients.judging import Recipient, judge, numbered

MAX_ROWS = 1_000_000
MAX_TOLD = 1_000  # errors that are listed; further ones are only counted


@dataclass(slots=True)
class Sheet:
    """What a list holds. rows: all data rows. merged: rows whose phone had come before, in whatever spelling."""

    columns: tuple[str, ...]  # beyond number and name
    recipients: list[Recipient] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    rows: int = 0
    merged: int = 0
    rejected: int = 0


def read_csv(raw: bytes, country: str, required: Iterable[str]) -> Sheet:
    """Reads a list with a header. raw: UTF-8, else Windows-1252; separated by comma, semicolon or tab.

    country: for national numbers. required: variables a row must have a value for. Raises SheetError.
    """
    return _sheet(of_csv(io.StringIO(_decoded(raw), newline="")), country, required)


def read_rows(rows: Sequence[object], country: str, required: Iterable[str]) -> Sheet:
    """Reads a list of JSON objects, one per recipient. Raises SheetError."""
    return _sheet(of_objects(rows, columns_of(rows)), country, required)


def _sheet(entries: Entries, country: str, required: Iterable[str]) -> Sheet:
    rows = list(islice(entries.rows, MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        raise SheetError(f"more than {MAX_ROWS:,} rows; bring it in parts")
    judged = judge(numbered(rows, country), frozenset(required), {})
    errors = judged.errors
    return Sheet(entries.columns, judged.new, errors[:MAX_TOLD], len(rows), judged.merged, len(errors))


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
