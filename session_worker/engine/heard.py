"""What an engine tells and reads of conversations: records of the wire itself, and the pages in which it reads them."""

from __future__ import annotations

from dataclasses import dataclass

from shared.protocol.events import MessageInbound, MessageUpdated

# A message that came in or that its owner wrote on the phone, a reaction, a vote; and an edit or a deletion of one.
Heard = MessageInbound | MessageUpdated


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as the page's database has it; one that was deleted for everyone is told as that deletion.

    A message that we handed over stands there like one that the owner wrote on the phone: its key tells them apart.
    """

    row_id: int
    heard: Heard


@dataclass(frozen=True, slots=True)
class PlaceholderRow:
    """A message from somebody that can't be read yet: its row stays and gets its content later."""

    row_id: int
    key: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class RowPage:
    """Rows of the page's database in the order in which this device took them in, over all chats.

    What belongs to no conversation (WhatsApp's own notes, status updates, calls that were taken) is only counted.
    """

    rows: int  # of whatever kind
    last_row_id: int  # of the last row; where there is none, what was asked for
    more: bool  # rows may follow
    messages: tuple[MessageRow, ...] = ()
    placeholders: tuple[PlaceholderRow, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceholderPage:
    """What became of placeholders. A key that is in none of the three now stands for nothing that is told."""

    messages: tuple[Heard, ...] = ()
    open: tuple[str, ...] = ()  # keys that can't be read yet
    missing: tuple[str, ...] = ()  # keys that the page does not have
    not_asked: str = ""  # why the phone could not be asked to send them again; for the log


@dataclass(frozen=True, slots=True)
class ChangePage:
    """What has become of the messages in some rows: their edits, deletions, reactions and votes as they are now."""

    rows: int
    last_row_id: int
    more: bool
    heard: tuple[Heard, ...] = ()  # by time
