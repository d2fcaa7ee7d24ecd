"""A phone's messages, as the server keeps them, with the indexes that make every look-up direct."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from simulator.world.message import ADDED, Message


class Mailbox:
    """The messages of one phone: by key, by chat, by order of acceptance and by order of change."""

    def __init__(self) -> None:
        self.rows: list[Message] = []
        self.by_chat: dict[str, list[Message]] = {}
        self._by_id: dict[tuple[bool, str, str], Message] = {}
        self._changed: dict[int, Message] = {}
        self._unread: dict[tuple[bool, str], dict[int, Message]] = {}
        self._added: dict[tuple[str, str, str], Message] = {}
        self.counts = {
            "accepted": 0,
            "copies": 0,
            "delivered": 0,
            "read": 0,
            "inbound": 0,
            "inbound_read": 0,
            "recipient_copies": 0,
        }

    def find(self, *, from_me: bool, chat: str, id_: str) -> Message | None:
        """Return the message with this id in this chat and direction."""
        return self._by_id.get((from_me, chat, id_))

    def add(self, message: Message) -> None:
        """Take in a new message; its `seq` and `rev` are higher than all before."""
        self.rows.append(message)
        self.by_chat.setdefault(message.chat, []).append(message)
        self._by_id[(message.from_me, message.chat, message.id)] = message
        self._changed[message.rev] = message
        if message.type in ADDED:
            self._added[(message.type, message.parent, message.sender)] = message
        elif message.ack < 3:
            self._unread.setdefault((message.from_me, message.chat), {})[message.seq] = message
        self._count(message, 1)

    def added(self, type_: str, parent: str, sender: str) -> Message | None:
        """Return a person's latest reaction or vote (`type_`) on a message."""
        return self._added.get((type_, parent, sender))

    def with_media(self, media: str) -> list[Message]:
        """Return the messages that carry certain bytes."""
        return [message for message in self.rows if message.media == media]

    def change(self, message: Message, rev: int, **values: int | str | None) -> None:
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
            counts["inbound_read"] += step if message.read_at is not None else 0
            return
        counts["accepted"] += step
        counts["copies"] += step * message.copies
        counts["recipient_copies"] += step * message.recipient_copies
        if message.delivered_at is not None:
            counts["delivered"] += step
        if message.read_at is not None:
            counts["read"] += step
