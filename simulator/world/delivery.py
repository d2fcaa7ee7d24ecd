"""The way of messages: bringing them to contacts and back, telling devices about both."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from simulator.settings import Settings
from simulator.world.archive import Archive
from simulator.world.content.media import Media
from simulator.world.devices import Connection, Device, DeviceRegistry
from simulator.world.faults import FaultBook
from simulator.world.feed import Feed
from simulator.world.groups.group import GroupBook
from simulator.world.mailbox import Mailbox
from simulator.world.message import ADDED, Draft, Message
from simulator.world.numbers import chat_of_wid
from simulator.world.phones import Phone


def now_ms() -> int:
    """Return the time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def new_message_id() -> str:
    """Return a new message id, of the shape the real ones have."""
    return "3A" + secrets.token_hex(9).upper()


def _kind_for(message: Message, device: Device) -> str:
    """Return as what a device that was away is told of a message."""
    if message.revoke_id:
        return "revoke"
    if message.type in ADDED:
        return message.type
    if message.edit_id:
        return "edit"
    return "receipt" if message.from_me and message.device_id == device.id else "message"


class Delivery:
    """All mailboxes, and every change of a message."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        groups: GroupBook,
        devices: DeviceRegistry,
        faults: FaultBook,
        archive: Archive,
        feed: Feed,
    ) -> None:
        self._settings = settings
        self._groups = groups
        self._devices = devices
        self._faults = faults
        self._archive = archive
        self._feed = feed
        self._mailboxes: dict[str, Mailbox] = {}
        self._seq = itertools.count(1)
        self._rev = itertools.count(1)
        self.last_rev = 0

    def load(self) -> None:
        """Take in what is on record and take up the deliveries that were under way."""
        seq = rev = 0
        under_way = []
        for message in self._archive.load_messages():
            self.mailbox(message.phone).add(message)
            seq = max(seq, message.seq)
            rev = max(rev, message.rev)
            if message.from_me and message.ack < 3 and message.type not in ADDED:
                under_way.append(message)
        for mailbox in self._mailboxes.values():
            mailbox.sort_changes()
        self._seq = itertools.count(seq + 1)
        self._rev = itertools.count(rev + 1)
        self.last_rev = rev
        for message in under_way:
            self.schedule(message)

    def mailbox(self, number: str) -> Mailbox:
        """Return a phone's mailbox."""
        mailbox = self._mailboxes.get(number)
        if mailbox is None:
            mailbox = self._mailboxes[number] = Mailbox()
        return mailbox

    def all_mailboxes(self) -> dict[str, Mailbox]:
        """Return all mailboxes by phone number."""
        return self._mailboxes

    def count_copy(self, message: Message) -> None:
        """A device sent a message that it had sent before."""
        again = 0 if self._settings().dedupe else 1
        self.mailbox(message.phone).change(
            message,
            self._next_rev(),
            copies=message.copies + 1,
            recipient_copies=message.recipient_copies + again,
        )
        self._archive.message(message)
        self._publish(message)

    def add(self, phone: Phone, draft: Draft) -> Message:
        """Accept a message: it has its place in the order from here on."""
        values: dict[str, Any] = {field.name: getattr(draft, field.name) for field in fields(draft)}
        message = Message(
            seq=next(self._seq),
            phone=phone.number,
            ack=1,
            copies=1,
            recipient_copies=1,
            accepted_at=now_ms(),
            delivered_at=None,
            read_at=None,
            rev=self._next_rev(),
            **values,
        )
        self.mailbox(phone.number).add(message)
        self._archive.message(message)
        self._publish(message)
        return message

    def add_to(self, phone: Phone, draft: Draft) -> Message:
        """Accept what is put to another message, in place of what the same person had put to it before."""
        sender = phone.number if draft.from_me else draft.author or draft.chat
        former = self.mailbox(phone.number).added(draft.type, draft.parent, sender)
        if former is not None:
            former.superseded = True
            self._archive.message(former)
        message = self.add(phone, draft)
        self.push(message, draft.type, but=draft.device_id)
        return message

    def change(self, message: Message, kind: str, *, by: str = "", **values: int | str | None) -> None:
        """Change a message and tell its phone's devices. kind: of change, as pages are told it; by: the device's id."""
        self.mailbox(message.phone).change(message, self._next_rev(), **values)
        self._archive.message(message)
        self._publish(message)
        self.push(message, kind, but=by)

    def upload_again(self, media: Media) -> None:
        """The phone gives WhatsApp bytes again that this no longer had: they have a new address, and pages learn it."""
        media.uploads += 1
        media.gone = False
        self._archive.media(media)
        for mailbox in self._mailboxes.values():
            for message in mailbox.with_media(media.id):
                content = {**message.fields, "directPath": media.direct_path}
                self.change(message, "media", content=json.dumps(content))

    def read_by_contact(self, number: str, chat: str, reader: str | None = None) -> int:
        """The contact, or a group's member (`reader`; None: all), reads what the phone sent; return how much it was."""
        unread = self.mailbox(number).unread(chat, from_me=True)
        for message in unread:
            self._read(message, reader)
        return len(unread)

    def read_by_phone(self, number: str, wid: object) -> None:
        """A device shows a chat: the contact's messages count as read."""
        mailbox = self.mailbox(number)
        for message in mailbox.unread(chat_of_wid(wid), from_me=False):
            now = now_ms()
            mailbox.change(message, self._next_rev(), ack=3, read_at=now, delivered_at=message.delivered_at or now)
            self._archive.message(message)
            self._publish(message)

    def seen(self, device: Device, rev: int) -> None:
        """A device has stored all changes up to `rev`: inbound messages among them are delivered."""
        if device.phone is None or rev <= device.cursor:
            return
        mailbox = self.mailbox(device.phone)
        for message in mailbox.changed_since(device.cursor):
            if message.rev > rev:
                break
            if not message.from_me and message.delivered_at is None:
                message.delivered_at = now_ms()
                message.ack = max(message.ack, 2)
                self._archive.message(message)
                self._publish(message)
        device.cursor = rev
        self._archive.device(device)

    def missed(self, device: Device) -> list[dict[str, object]]:
        """Return what a device has to be told when it connects: changes since its cursor and receipts held back.

        The bare acceptance of its own sends isn't told again: a page that missed it sends again, as the real one does.
        """
        if device.phone is None:
            return []
        told: dict[int, Message] = {}
        for message in self.mailbox(device.phone).changed_since(device.cursor):
            told[message.seq] = message
        told.update(device.held)
        device.held = {}
        items = []
        for message in told.values():
            kind = _kind_for(message, device)
            if kind == "receipt" and (message.ack < 2 or message.seq in device.unacked):
                continue
            items.append(self.item(message, kind))
        return items

    def history(self, device: Device) -> list[dict[str, object]]:
        """Return a phone's most recent messages, oldest first, for a device linked just now."""
        if device.phone is None:
            return []
        rows = self.mailbox(device.phone).rows
        count = self._settings().history_messages
        recent = rows[max(0, len(rows) - count) :]
        return [{**message.for_page(), "kind": _kind_for(message, device)} for message in recent]

    def resend_placeholders(self, connection: Connection, keys: list[str]) -> None:
        """The phone sends again, to one page, messages that this has an empty placeholder of."""
        number = connection.device.phone
        if number is None or self._faults.find("phone_silent", number, connection.device.id) is not None:
            return
        rows = self.mailbox(number).rows
        wanted = [row for row in rows if row.placeholder and not row.revoke_id and row.key in keys]
        if wanted:
            items = [{**message.for_page(), "kind": "resent"} for message in wanted]
            connection.send({"push": "changes", "items": items}, self._settings().resent_ms)

    def release_held(self, device: Device) -> None:
        """Tell a connected device the receipts that were held back from it."""
        held, device.held = device.held, {}
        for message in held.values():
            self.send_receipt(device, message)

    def _next_rev(self) -> int:
        self.last_rev = next(self._rev)
        return self.last_rev

    def schedule(self, message: Message) -> None:
        """Let a message on its way reach whom it is for, as far as it hasn't yet."""
        loop = asyncio.get_running_loop()
        settings = self._settings()
        if message.ack < 2:
            loop.call_later(settings.delivered_ms / 1000, self._deliver, message)
        elif message.ack < 3 and settings.auto_read:
            loop.call_later(settings.read_ms / 1000, self._read, message)

    def _deliver(self, message: Message) -> None:
        if message.ack >= 2:
            return
        self._reach(message, 2, None)
        settings = self._settings()
        if settings.auto_read:
            wait = max(0, settings.read_ms - settings.delivered_ms)
            asyncio.get_running_loop().call_later(wait / 1000, self._read, message)

    def _read(self, message: Message, reader: str | None = None) -> None:
        if message.ack < 3:
            self._reach(message, 3, reader)

    def _reach(self, message: Message, ack: int, member: str | None) -> None:
        """A message comes as far as `ack` with whom it is for: in a group with one member, or with all of them."""
        now = now_ms()
        acks = message.member_acks
        if message.chat in self._groups.groups:
            members = self._groups.groups[message.chat].others(message.phone)
            for number in members if member is None else [member]:
                acks[number] = max(acks.get(number, 0), ack)
            ack = min([acks.get(number, 1) for number in members], default=ack)
        values: dict[str, int | str | None] = {
            "ack": max(message.ack, ack),
            "receipts": json.dumps(acks) if acks else "",
        }
        if ack >= 2:
            values["delivered_at"] = message.delivered_at or now
        if ack >= 3:
            values["read_at"] = now
        self.mailbox(message.phone).change(message, self._next_rev(), **values)
        self._archive.message(message)
        self._publish(message)
        for device in self._devices.of_phone(message.phone):
            self.send_receipt(device, message)

    def push(self, message: Message, kind: str, but: str = "") -> None:
        """Tell the open pages of a message's phone about it. kind: of news, as pages know it; but: a device's id."""
        for device in self._devices.of_phone(message.phone):
            connection = self._devices.online.get(device.id)
            if device.id != but and connection is not None and connection.synced:
                connection.send({"push": "changes", "items": [self.item(message, kind)]})

    def send_receipt(self, device: Device, message: Message) -> None:
        """Tell a device how far a message has come, unless that is held back."""
        connection: Connection | None = self._devices.online.get(device.id)
        if connection is None or not connection.synced:
            return
        dropped = self._faults.use("drop_receipts", message.phone, device.id)
        if dropped is not None or message.seq in device.unacked:
            device.held[message.seq] = message
            return
        connection.send({"push": "changes", "items": [self.item(message, "receipt")]})

    def item(self, message: Message, kind: str) -> dict[str, object]:
        """Return a piece of news, as pages are told it."""
        empty = kind == "message" and message.placeholder and not message.revoke_id
        item = {**(message.as_placeholder() if empty else message.for_page()), "kind": kind}
        group = self._groups.groups.get(message.chat)
        if group is not None and message.receipts:
            item["members"] = {group.wid_of(number): ack for number, ack in message.member_acks.items()}
        return item

    def _publish(self, message: Message) -> None:
        if self._feed.watched:
            self._feed.publish({"type": "message", "message": message.as_dict()})
