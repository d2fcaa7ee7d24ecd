"""A phone's messages, as the server keeps them, with the indexes that make every look-up direct."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True)
class Message:
    """One message of one phone, in either direction. Times are milliseconds since the epoch.

    Attributes:
        seq: order of acceptance over all phones.
        phone: the account it belongs to.
        chat: the other side's number.
        wid: the other side's wid at the time (phone number or LID form).
        id: WhatsApp's id, the last part of the key.
        from_me: sent by the phone or one of its devices.
        body: the text.
        origin: "device", "phone" (typed on the phone) or "contact".
        device_id: the device that sent it; empty otherwise.
        ack: 1 accepted, 2 delivered, 3 read.
        copies: how often the server was given this id.
        recipient_copies: how often the recipient was shown it.
        rev: number of its last change, over all phones; devices catch up by it.
    """

    seq: int
    phone: str
    chat: str
    wid: str
    id: str
    from_me: bool
    body: str
    origin: str
    device_id: str
    ack: int
    copies: int
    recipient_copies: int
    accepted_at: int
    delivered_at: int | None
    read_at: int | None
    rev: int

    @property
    def key(self) -> str:
        """The full key, as pages know it."""
        return f"{'true' if self.from_me else 'false'}_{self.wid}_{self.id}"

    def for_page(self) -> dict[str, object]:
        """Return what a linked device is told about it."""
        return {
            "key": self.key,
            "wid": self.wid,
            "number": self.chat,
            "id": self.id,
            "from_me": self.from_me,
            "body": self.body,
            "t": self.accepted_at // 1000,
            "ack": self.ack,
            "rev": self.rev,
        }

    def as_dict(self) -> dict[str, object]:
        """Return the record, as the control API shows it."""
        return {
            "seq": self.seq,
            "id": self.id,
            "key": self.key,
            "phone": self.phone,
            "direction": "out" if self.from_me else "in",
            "from": self.phone if self.from_me else self.chat,
            "to": self.chat if self.from_me else self.phone,
            "body": self.body,
            "ack": self.ack,
            "copies": self.copies,
            "recipient_copies": self.recipient_copies,
            "accepted_at": self.accepted_at,
            "delivered_at": self.delivered_at,
            "read_at": self.read_at,
            "origin": self.origin,
            "device_id": self.device_id or None,
        }


RECORD_COLUMNS = (
    "seq",
    "id",
    "key",
    "phone",
    "direction",
    "from",
    "to",
    "body",
    "ack",
    "copies",
    "recipient_copies",
    "accepted_at",
    "delivered_at",
    "read_at",
    "origin",
    "device_id",
)


class Mailbox:
    """The messages of one phone: by key, by chat, by order of acceptance and by order of change."""

    def __init__(self) -> None:
        self.rows: list[Message] = []
        self.by_chat: dict[str, list[Message]] = {}
        self._by_id: dict[tuple[bool, str, str], Message] = {}
        self._changed: dict[int, Message] = {}
        self._unread: dict[tuple[bool, str], dict[int, Message]] = {}
        self.counts = {"accepted": 0, "copies": 0, "delivered": 0, "read": 0, "inbound": 0, "recipient_copies": 0}

    def find(self, *, from_me: bool, chat: str, id_: str) -> Message | None:
        """Return the message with this id in this chat and direction."""
        return self._by_id.get((from_me, chat, id_))

    def add(self, message: Message) -> None:
        """Take in a new message; its `seq` and `rev` are higher than all before."""
        self.rows.append(message)
        self.by_chat.setdefault(message.chat, []).append(message)
        self._by_id[(message.from_me, message.chat, message.id)] = message
        self._changed[message.rev] = message
        if message.ack < 3:
            self._unread.setdefault((message.from_me, message.chat), {})[message.seq] = message
        self._count(message, 1)

    def change(self, message: Message, rev: int, **values: int | None) -> None:
        """Change a message's fields and note the change under a new, higher `rev`."""
        self._changed.pop(message.rev, None)
        self._count(message, -1)
        for name, value in values.items():
            setattr(message, name, value)
        message.rev = rev
        self._changed[rev] = message
        self._count(message, 1)
        if message.ack >= 3:
            self._unread.get((message.from_me, message.chat), {}).pop(message.seq, None)

    def changed_since(self, rev: int) -> list[Message]:
        """Return the messages whose last change is newer than `rev`, oldest change first."""
        newer = []
        for changed_at in reversed(self._changed):
            if changed_at <= rev:
                break
            newer.append(self._changed[changed_at])
        newer.reverse()
        return newer

    def after(self, seq: int) -> Iterator[Message]:
        """Yield the messages accepted after `seq`, in order."""
        for index in range(bisect_right(self.rows, seq, key=lambda row: row.seq), len(self.rows)):
            yield self.rows[index]

    def unread(self, chat: str, *, from_me: bool) -> list[Message]:
        """Return a chat's messages of one direction that aren't read yet, oldest first."""
        return list(self._unread.get((from_me, chat), {}).values())

    def unread_count(self, chat: str) -> int:
        """Return how many messages from a contact the phone hasn't read."""
        return len(self._unread.get((False, chat), {}))

    def sort_changes(self) -> None:
        """Put the changes in order after loading rows by `seq`."""
        self._changed = dict(sorted(self._changed.items()))

    def _count(self, message: Message, step: int) -> None:
        counts = self.counts
        if not message.from_me:
            counts["inbound"] += step
            return
        counts["accepted"] += step
        counts["copies"] += step * message.copies
        counts["recipient_copies"] += step * message.recipient_copies
        if message.delivered_at is not None:
            counts["delivered"] += step
        if message.read_at is not None:
            counts["read"] += step
