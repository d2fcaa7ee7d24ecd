"""What becomes of a list's rows: new recipients, known ones, parts of earlier ones, refused ones. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from hub_api.campaigns.recipients.entries import Row, RowError
from hub_api.campaigns.recipients.template import NUMBER
from shared.errors import InvalidTo
from shared.phone_number import canonical
from shared.recipient_key import recipient_key


@dataclass(slots=True)
class Recipient:
    """Canonical digits; the key of their phone; values by column, without empty ones."""

    number: str
    key: str
    values: dict[str, str]


@dataclass(slots=True)
class Stored:
    """A recipient that the campaign has. earlier: from before this list, which then changes nothing of it."""

    id: int
    values: dict[str, str]
    earlier: bool


@dataclass(slots=True)
class Numbered:
    """Rows with their numbers, in the list's order, and those that have none."""

    rows: list[tuple[int, Recipient]] = field(default_factory=list)  # with their lines
    errors: list[RowError] = field(default_factory=list)


@dataclass(slots=True)
class Judged:
    """new: in the list's order. changed: stored ones that got values which they lacked, by id.

    known: recipients that were in the campaign before the list. merged: rows of recipients that an earlier row gave.
    """

    new: list[Recipient] = field(default_factory=list)
    changed: dict[int, Stored] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)
    known: int = 0
    merged: int = 0


def numbered(rows: Iterable[Row | RowError], country: str) -> Numbered:
    """Finds the rows' numbers. country: for national ones."""
    found = Numbered()
    for row in rows:
        if isinstance(row, RowError):
            found.errors.append(row)
            continue
        line, values = row
        raw = values.pop(NUMBER, "")
        try:
            number = canonical(raw, country)
            found.rows.append((line, Recipient(number, recipient_key(number), values)))
        except InvalidTo:
            text = "no phone number" if not raw else f"“{raw[:40]}” is not a phone number WhatsApp could have"
            found.errors.append(RowError(line, NUMBER, "INVALID_TO", text))
    return found


def judge(found: Numbered, required: Collection[str], stored: Mapping[str, Stored]) -> Judged:
    """Decides on each row. What the first row of a phone lacks is taken from the later ones.

    required: variables a recipient must have a value for; whoever is stored has them. stored: by key.
    """
    judged = Judged(errors=list(found.errors))
    needed = sorted(name for name in required if name != NUMBER)
    new: dict[str, Recipient] = {}
    told: set[str] = set()  # of those from before
    for line, one in found.rows:
        if (before := stored.get(one.key)) is not None:
            is_first = before.earlier and one.key not in told
            told.add(one.key)
            judged.known += is_first
            judged.merged += not is_first
            if not before.earlier and one.values.keys() - before.values.keys():
                before.values = one.values | before.values
                judged.changed[before.id] = before
            continue
        known = new.get(one.key)
        merged = one.values if known is None else one.values | known.values
        missing = next((name for name in needed if not merged.get(name)), None)
        if missing is not None:
            text = f"empty, and {{{missing}}} has no fallback in the template"
            judged.errors.append(RowError(line, missing, "EMPTY_VARIABLE", text))
        elif known is None:
            new[one.key] = one
        else:
            judged.merged += 1
            known.values = merged
    judged.new = list(new.values())
    judged.errors.sort(key=lambda error: error.line)
    return judged
