"""The pages in which the bridge reads what came in, in the engine's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from session_worker.engine.heard import ChangePage, Heard, MessageRow, PlaceholderPage, PlaceholderRow, RowPage
from session_worker.engine.playwright_adapter.change_facts import deletion_of, edit_of, reaction_of, vote_of
from session_worker.engine.playwright_adapter.message_facts import message_of


def row_page(told: Mapping[str, Any]) -> RowPage:
    """Rows of the page's database."""
    written = [(int(row["row_id"]), message_of(row)) for row in told["messages"]]
    rows = [MessageRow(row_id, message) for row_id, message in written if message is not None]
    rows += [MessageRow(int(row["row_id"]), deletion_of(row)) for row in told["revoked"]]
    return RowPage(
        rows=int(told["rows"]),
        last_row_id=int(told["last_row_id"]),
        more=bool(told["more"]),
        messages=tuple(sorted(rows, key=lambda row: row.row_id)),
        placeholders=tuple(
            PlaceholderRow(int(row["row_id"]), str(row["key"]), int(row["at_ms"])) for row in told["placeholders"]
        ),
    )


def placeholder_page(told: Mapping[str, Any]) -> PlaceholderPage:
    """What became of placeholders."""
    return PlaceholderPage(
        messages=tuple(message for one in told["messages"] if (message := message_of(one)) is not None),
        open=tuple(map(str, told["open"])),
        missing=tuple(map(str, told["missing"])),
        not_asked=str(told["not_asked"]),
    )


def change_page(told: Mapping[str, Any]) -> ChangePage:
    """What became of messages."""
    heard: list[Heard] = [
        *map(edit_of, told["edited"]),
        *map(deletion_of, told["revoked"]),
        *map(reaction_of, told["reactions"]),
        *map(vote_of, told["votes"]),
    ]
    return ChangePage(
        rows=int(told["rows"]),
        last_row_id=int(told["last_row_id"]),
        more=bool(told["more"]),
        heard=tuple(sorted(heard, key=lambda one: one.at)),
    )
