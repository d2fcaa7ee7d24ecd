"""What the bridge reads of what came in, in the port's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from session_worker.engine.port import InboundSeen, PlaceholderPage, PlaceholderRow, RowPage, TextRow
from shared.errors import InvalidTo
from shared.phone_number import canonical


def inbound(told: Mapping[str, Any]) -> InboundSeen:
    """A text from a person."""
    return InboundSeen(str(told["key"]), _sender(str(told["sender"])), str(told["text"]), int(told["at_ms"]))


def row_page(told: Mapping[str, Any]) -> RowPage:
    """Rows of the page's database."""
    return RowPage(
        rows=int(told["rows"]),
        last_row_id=int(told["last_row_id"]),
        more=bool(told["more"]),
        texts=tuple(TextRow(int(row["row_id"]), inbound(row)) for row in told["texts"]),
        placeholders=tuple(
            PlaceholderRow(int(row["row_id"]), str(row["key"]), int(row["at_ms"])) for row in told["placeholders"]
        ),
    )


def placeholder_page(told: Mapping[str, Any]) -> PlaceholderPage:
    """What became of placeholders."""
    return PlaceholderPage(
        texts=tuple(inbound(text) for text in told["texts"]),
        open=tuple(map(str, told["open"])),
        missing=tuple(map(str, told["missing"])),
        not_asked=str(told["not_asked"]),
    )


def canonical_digits(digits: str) -> str:
    """WhatsApp's digits of a number as we keep them."""
    try:
        return canonical(f"{digits}@c.us", "AR")  # international digits: the country plays no part
    except InvalidTo:
        return digits


def _sender(told: str) -> str:
    """Canonical digits, or a LID as it is."""
    return told if told.endswith("@lid") else canonical_digits(told)
