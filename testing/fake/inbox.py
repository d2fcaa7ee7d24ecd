"""What a fake device has taken in, as the database of its page keeps it, and what WhatsApp still holds for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from session_worker.engine.heard import ChangePage, Heard, MessageRow, PlaceholderPage, PlaceholderRow, RowPage
from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.inbound import Change

FIRST_ROW = 1_000_000_000  # rows of the history sync lie below


@dataclass(slots=True)
class FakeRow:
    """One message. open: a placeholder, and `message` is what the phone has. note: WhatsApp's own, told to nobody."""

    message: MessageInbound
    open: bool = False
    row_id: int = 0
    edited: MessageUpdated | None = None
    revoked: MessageUpdated | None = None
    note: bool = False

    @property
    def key(self) -> str:
        return self.message.whatsapp_id

    @property
    def heard(self) -> Heard:
        return self.revoked or self.message


@dataclass(slots=True)
class FakeChange:
    """An edit, a deletion, a reaction or a vote. parent: the key of the message that it is about."""

    parent: str
    heard: Heard


@dataclass(slots=True)
class FakeInbox:
    """rows, children: in the page's database. waiting: at the server, until the device can take it in."""

    rows: list[FakeRow] = field(default_factory=list)
    children: list[FakeChange] = field(default_factory=list)
    waiting: list[FakeRow | FakeChange] = field(default_factory=list)

    def take_in(self) -> list[FakeRow | FakeChange]:
        """What waits goes into the database, one after the other."""
        taken, self.waiting = self.waiting, []
        for one in taken:
            if isinstance(one, FakeRow):
                self.add(one)
            else:
                self._change(one)
        return taken

    def add(self, row: FakeRow) -> None:
        """The next row."""
        row.row_id = 1 + max((one.row_id for one in self.rows), default=FIRST_ROW)
        self.rows.append(row)

    def delete(self, key: str) -> None:
        """The owner deletes a message on this device."""
        self.rows = [row for row in self.rows if row.key != key]

    def find(self, key: str) -> FakeRow | None:
        return next((row for row in self.rows if row.key == key), None)

    def page(self, after_row_id: int, limit: int, since_ms: int) -> RowPage:
        """The rows after one, as a page gives them."""
        found = self._after(after_row_id, limit)
        young = [row for row in found if row.message.at >= since_ms and not row.note]
        return RowPage(
            rows=len(found),
            last_row_id=found[-1].row_id if found else after_row_id,
            more=len(found) == limit,
            messages=tuple(MessageRow(row.row_id, row.heard) for row in young if not row.open),
            placeholders=tuple(PlaceholderRow(row.row_id, row.key, row.message.at) for row in young if row.open),
        )

    def change_page(self, after_row_id: int, limit: int, since_ms: int) -> ChangePage:
        """What became of the messages in the rows after one."""
        found = self._after(after_row_id, limit)
        changes = [change for row in found if row.message.at >= since_ms for change in self._changes(row)]
        return ChangePage(
            rows=len(found),
            last_row_id=found[-1].row_id if found else after_row_id,
            more=len(found) == limit,
            heard=tuple(sorted(changes, key=lambda one: one.at)),
        )

    def placeholder_page(self, keys: tuple[str, ...]) -> PlaceholderPage:
        """What became of these, as a page tells it."""
        found = {key: self.find(key) for key in keys}
        rows = [row for row in found.values() if row is not None]
        return PlaceholderPage(
            messages=tuple(row.heard for row in rows if not row.open),
            open=tuple(row.key for row in rows if row.open),
            missing=tuple(key for key, row in found.items() if row is None),
        )

    def to_ask_for(self, keys: tuple[str, ...], asked: set[str]) -> list[FakeRow]:
        """Those for which a page has not asked its phone yet; it has now."""
        fresh = [row for row in self.rows if row.key in keys and row.open and row.key not in asked]
        asked.update(row.key for row in fresh)
        return fresh

    def _after(self, row_id: int, limit: int) -> list[FakeRow]:
        return [row for row in self.rows if row.row_id > row_id][:limit]

    def _change(self, change: FakeChange) -> None:
        """As the stores keep it: of a person's reactions to one message, and votes in one poll, the last one."""
        heard = change.heard
        if isinstance(heard, MessageInbound):
            of_same = [one for one in self.children if one.parent == change.parent and _is_same(one.heard, heard)]
            self.children = [one for one in self.children if one not in of_same] + [change]
            return
        row = self.find(change.parent)
        if row is None:
            return
        if heard.change is Change.REVOKED:
            row.revoked = heard
        else:
            row.message, row.edited = replace(row.message, message=heard.message), heard

    def _changes(self, row: FakeRow) -> Iterator[Heard]:
        if row.edited is not None:
            yield row.edited
        if row.revoked is not None:
            yield row.revoked
        yield from (one.heard for one in self.children if one.parent == row.key)


def _is_same(one: Heard, other: MessageInbound) -> bool:
    return isinstance(one, MessageInbound) and (one.sender, one.type) == (other.sender, other.type)
