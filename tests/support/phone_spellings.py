"""The table of spellings: what people write for a phone, what we keep, and by what we compare it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True, slots=True)
class Spelling:
    """One row: a spelling as somebody of `country` writes it."""

    country: str
    spelling: str
    number: str  # canonical digits
    key: str  # of the recipient


def all_spellings() -> tuple[Spelling, ...]:
    """The whole table."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(Spelling(**row) for row in csv.DictReader(file))


def by_country() -> dict[str, tuple[Spelling, ...]]:
    """The same, in the table's order, for each country."""
    found: dict[str, list[Spelling]] = {}
    for row in all_spellings():
        found.setdefault(row.country, []).append(row)
    return {country: tuple(rows) for country, rows in found.items()}
