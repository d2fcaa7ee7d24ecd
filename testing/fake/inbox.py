"""What a fake device has taken in, as the database of its page keeps it, and what WhatsApp still holds for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from session_worker.engine.port import InboundSeen, PlaceholderPage, PlaceholderRow, RowPage, TextRow

FIRST_ROW = 1_000_000_000  # rows of the history sync lie below

TEXT = "chat"
PLACEHOLDER = "ciphertext"


@dataclass(slots=True)
class FakeRow:
    """One received message. A placeholder's text is what the phone has."""

    key: str
    sender: str
    text: str
    at_ms: int
    type: str = TEXT
    row_id: int = 0

    @property
    def seen(self) -> InboundSeen:
        return InboundSeen(self.key, self.sender, self.text, self.at_ms)


@dataclass(slots=True)
class FakeInbox:
    """rows: in the page's database. waiting: at the server, until the device can take it in."""

    rows: list[FakeRow] = field(default_factory=list)
    waiting: list[FakeRow] = field(default_factory=list)

    def take_in(self) -> list[FakeRow]:
        """What waits goes into the database, one after the other."""
        taken, self.waiting = self.waiting, []
        for row in taken:
            row.row_id = 1 + max((one.row_id for one in self.rows), default=FIRST_ROW)
            self.rows.append(row)
        return taken

    def delete(self, key: str) -> None:
        """The owner deletes a message on this device."""
        self.rows = [row for row in self.rows if row.key != key]

    def find(self, key: str) -> FakeRow | None:
        return next((row for row in self.rows if row.key == key), None)

    def page(self, after_row_id: int, limit: int, since_ms: int) -> RowPage:
        """The rows after one, as a page gives them."""
        found = [row for row in self.rows if row.row_id > after_row_id][:limit]
        young = [row for row in found if row.at_ms >= since_ms]
        return RowPage(
            rows=len(found),
            last_row_id=found[-1].row_id if found else after_row_id,
            more=len(found) == limit,
            texts=tuple(TextRow(row.row_id, row.seen) for row in young if row.type == TEXT),
            placeholders=tuple(
                PlaceholderRow(row.row_id, row.key, row.at_ms) for row in young if row.type == PLACEHOLDER
            ),
        )

    def placeholder_page(self, keys: tuple[str, ...]) -> PlaceholderPage:
        """What became of these, as a page tells it."""
        found = {key: self.find(key) for key in keys}
        rows = [row for row in found.values() if row is not None]
        return PlaceholderPage(
            texts=tuple(row.seen for row in rows if row.type == TEXT),
            open=tuple(row.key for row in rows if row.type == PLACEHOLDER),
            missing=tuple(key for key, row in found.items() if row is None),
        )

    def to_ask_for(self, keys: tuple[str, ...], asked: set[str]) -> list[FakeRow]:
        """Those for which a page has not asked its phone yet; it has now."""
        fresh = [row for row in self.rows if row.key in keys and row.type == PLACEHOLDER and row.key not in asked]
        asked.update(row.key for row in fresh)
        return fresh
