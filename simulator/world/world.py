"""The emulated WhatsApp: everything the server knows, put together, and what touches several parts at once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from simulator.errors import NotFound
from simulator.settings import Settings
from simulator.world.archive import Archive
from simulator.world.content.media import MediaShelf
from simulator.world.delivery import Delivery, now_ms
from simulator.world.devices import Connection, Device, DeviceRegistry
from simulator.world.faults import AT_ONCE, SHOWN_BY_PAGE, Fault, FaultBook
from simulator.world.feed import Feed
from simulator.world.groups.group import Group, GroupBook
from simulator.world.inbound.arrivals import Arrivals
from simulator.world.numbers import lid_of
from simulator.world.outbound.acceptance import Acceptance
from simulator.world.outbound.changes import PageChanges
from simulator.world.pairing import Pairing
from simulator.world.phones import Contact, Phone, PhoneBook


class World:
    """One emulated WhatsApp, from `start` to `stop`."""

    def __init__(self, directory: Path) -> None:
        self.settings = Settings()
        self.book = PhoneBook()
        self.groups = GroupBook()
        self.devices = DeviceRegistry()
        self.feed = Feed()
        self.archive = Archive(directory)
        self.faults = FaultBook(lambda: asyncio.get_running_loop().time())
        self.pairing = Pairing(lambda: self.settings, self._devices_changed)
        self.delivery = Delivery(lambda: self.settings, self.groups, self.devices, self.faults, self.archive, self.feed)
        self.arrivals = Arrivals(self.book, self.groups, self.join_group, self.delivery)
        self.media = MediaShelf(directory)
        self.acceptance = Acceptance(
            lambda: self.settings, self.book, self.groups, self.delivery, self.faults, self.media
        )
        self.changes = PageChanges(lambda: self.settings, self.groups, self.delivery, self.arrivals, self.faults)
        self._writer: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Load what is on record and begin to write behind. Needs a running event loop."""
        known = Settings().as_dict()
        kept = {name: value for name, value in self.archive.load_settings().items() if name in known}
        self.settings = Settings().changed(kept)
        self.book.phones = {phone.number: phone for phone in self.archive.load_phones()}
        self.book.contacts = {contact.number: contact for contact in self.archive.load_contacts()}
        self.groups.groups = {group.id: group for group in self.archive.load_groups()}
        for device in self.archive.load_devices():
            self.devices.load(device)
        self.media.load(self.archive.load_media())
        self.delivery.load()
        self._writer = asyncio.get_running_loop().create_task(self.archive.write_behind())

    async def stop(self) -> None:
        """Write everything and close."""
        if self._writer is not None:
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer
        self.archive.close()

    def change_settings(self, changes: dict[str, object]) -> Settings:
        """Change settings at run time; open pages are told."""
        self.settings = self.settings.changed(changes)
        for name, value in changes.items():
            self.archive.setting(name, value)
        for connection in self.devices.online.values():
            connection.send({"push": "settings", "settings": self.settings.for_page()})
        return self.settings

    def put_phone(self, number: str, name: str | None, lid: bool | None) -> Phone:
        """Create a phone or change it; its devices learn of a LID migration at once."""
        phone = self.book.phones.get(number)
        if phone is None:
            phone = self.book.phones[number] = Phone(number, name or number, bool(lid))
        else:
            phone.name = name or phone.name
            phone.lid = phone.lid if lid is None else lid
        self.archive.phone(phone)
        for connection in self.devices.connections_of(number):
            connection.send({"push": "account", "account": self.account(phone)})
        self.feed.publish({"type": "phone", "phone": phone.as_dict()})
        return phone

    def name_of_chat(self, chat: str) -> str:
        """Return what a chat is called: a group's subject or a contact's name; empty if none is known."""
        group = self.groups.groups.get(chat)
        return self.book.name_of(chat) if group is None else group.subject

    def put_contact(self, number: str, changes: dict[str, object]) -> Contact:
        """Say what is special about a number; what is None stays as it was."""
        contact = self.book.contacts.setdefault(number, Contact(number))
        for name, value in changes.items():
            if value is not None:
                setattr(contact, name, value)
        self.archive.contact(contact)
        return contact

    def change_group(self, group: Group, changes: dict[str, object]) -> None:
        """Change a group; the pages of those who are in it, or were until now, are told."""
        concerned = set(group.members)
        for name, value in changes.items():
            setattr(group, name, value)
        self.archive.group(group)
        self.tell_of_group(group, concerned | set(group.members))

    def join_group(self, id_: str, phone: Phone, contact: str) -> Group:
        """Return the group with this wid, with both in it; where that is new, the pages are told before what comes."""
        known = self.groups.has(id_, phone.number, contact)
        group = self.groups.joined(id_, phone.number, contact, lid=phone.lid)
        if not known:
            self.change_group(group, {})
        return group

    def tell_of_group(self, group: Group, numbers: Collection[str]) -> None:
        """Tell the pages of some members what a group is now."""
        for number in numbers:
            for connection in self.devices.connections_of(number):
                connection.send({"push": "groups", "groups": [g.for_page() for g in self.groups.of(number)]})

    def account(self, phone: Phone) -> dict[str, object]:
        """Return what a linked page knows of its own account."""
        return {"number": phone.number, "name": phone.name, "lid": lid_of(phone.number), "lid_migrated": phone.lid}

    def latency(self, device: Device) -> float:
        """Return the latency in force for a device, in seconds."""
        fault = self.faults.find("latency_ms", device.phone, device.id)
        return int(fault.value or 0) / 1000 if fault is not None else 0.0

    async def link(self, connection: Connection, phone: Phone) -> Device:
        """Link a waiting page's device to a phone; returns once the page has stored its login."""
        device = connection.device
        token = secrets.token_urlsafe(24)
        await self.pairing.link(connection, phone, lid_of(phone.number), token)
        return device

    def linked(self, connection: Connection, number: str, token: str, os: str) -> None:
        """Note that a page has stored its login."""
        device = connection.device
        self.devices.link(device, number)
        device.token = token
        device.os = os
        device.linked_at = now_ms()
        device.synced = False
        device.unacked = {}
        device.held = {}
        self.devices.devices[device.id] = device
        self.archive.device(device)
        self._devices_changed()

    def log_out(self, device: Device, reason: str) -> None:
        """End a device's link; its page is told, now or when it connects next."""
        connection = self.devices.online.get(device.id)
        self.devices.forget(device)
        self.archive.device_gone(device)
        if connection is not None:
            connection.send({"push": "logout", "reason": reason})
        self._devices_changed()

    def opened(self, connection: Connection) -> None:
        """A device's page connected: an older page of the same device is in conflict with it."""
        device_id = connection.device.id
        older = self.devices.online.get(device_id)
        self.devices.online[device_id] = connection
        if older is not None:
            self.pairing.stop(older)
            older.send({"push": "conflict"})
            older.close()
        self._devices_changed()

    def closed(self, connection: Connection) -> None:
        """A page's connection ended."""
        self.pairing.stop(connection)
        connection.ended()
        if self.devices.online.get(connection.device.id) is connection:
            del self.devices.online[connection.device.id]
        self._devices_changed()

    def show_typing(self, connection: Connection, chat: str, state: str) -> None:
        """A page says that somebody types or records in a chat, or has stopped to."""
        number = connection.device.phone
        if number is not None:
            self.book.phone(number).chat_states.append({"chat": chat, "state": state, "at": now_ms()})
            self.feed.publish({"type": "typing", "phone": number, "chat": chat, "state": state})

    def show_presence(self, connection: Connection, available: bool) -> None:
        """A page says whether somebody sits before it."""
        number = connection.device.phone
        if number is not None and available and not connection.shown_online:
            self.book.phone(number).times_online += 1
        connection.shown_online = available

    def ask_phone_for_media(self, connection: Connection, key: str) -> None:
        """A page asks the phone to upload a message's bytes again; a silent phone never answers. Raises NotFound."""
        number = connection.device.phone
        if number is None or self.faults.find("phone_silent", number, connection.device.id) is not None:
            return
        message = self.arrivals.find(self.book.phone(number), key)
        media = self.media.get(message.media)
        if not media.on_phone:
            missing = {"kind": "media_missing", "key": key, "rev": message.rev}
            connection.send({"push": "changes", "items": [missing]}, self.settings.resent_ms)
            return
        loop = asyncio.get_running_loop()
        loop.call_later(self.settings.resent_ms / 1000, self.delivery.upload_again, media)

    def greet_with_faults(self, connection: Connection) -> None:
        """Act on the faults that wait for this device, and have the page show those it has to show."""
        device = connection.device
        self.show_faults(connection)
        for fault in self.faults.all():
            if fault.kind in AT_ONCE and fault.meets(device.phone, device.id):
                self.faults.lift(fault.id)
                self._strike(connection, fault)

    def add_fault(self, fault: Fault) -> None:
        """Put a new fault to work on the pages that are open now."""
        struck = False
        for connection in list(self.devices.online.values()):
            device = connection.device
            if not fault.meets(device.phone, device.id):
                continue
            struck = True
            if fault.kind in AT_ONCE:
                self._strike(connection, fault)
            elif fault.kind in ("offline", "deprecated_version"):
                connection.drop()
            elif fault.kind in SHOWN_BY_PAGE:
                self.show_faults(connection)
        if fault.kind == "lose_device" and not struck:
            struck = self._lose_offline(fault)
        if fault.kind in AT_ONCE and struck:
            with suppress(NotFound):
                self.faults.lift(fault.id)
        if fault.expires_at is not None:
            asyncio.get_running_loop().call_at(fault.expires_at + 0.01, self.fault_ended, fault)

    def fault_ended(self, fault: Fault) -> None:
        """Undo what a fault, no longer in force, had open pages do."""
        for connection in list(self.devices.online.values()):
            if not fault.meets(connection.device.phone, connection.device.id):
                continue
            if fault.kind in SHOWN_BY_PAGE:
                self.show_faults(connection)
            elif fault.kind == "drop_receipts":
                self.delivery.release_held(connection.device)

    def show_faults(self, connection: Connection) -> None:
        """Tell a page which faults it has to show; none clears them."""
        device = connection.device
        shown = [
            {"kind": kind, "value": fault.value}
            for kind in sorted(SHOWN_BY_PAGE)
            if (fault := self.faults.find(kind, device.phone, device.id)) is not None
        ]
        connection.send({"push": "faults", "faults": shown})

    def refuses(self, device: Device | None, device_id: str) -> bool:
        """Say whether this device is kept offline."""
        phone = device.phone if device is not None else None
        return self.faults.find("offline", phone, device_id) is not None

    def refuses_version(self, device: Device, version: str) -> bool:
        """Say whether a page of this build is refused at its login."""
        refused = version in self.settings.refused_versions
        return refused or self.faults.find("deprecated_version", device.phone, device.id) is not None

    def _strike(self, connection: Connection, fault: Fault) -> None:
        if fault.kind == "lose_device":
            self.log_out(connection.device, "unknown_companion")
        elif fault.kind == "takeover":
            connection.send({"push": "conflict"})
            connection.close()
        else:
            connection.send({"push": "act", "kind": fault.kind, "value": fault.value})

    def _lose_offline(self, fault: Fault) -> bool:
        lost = [
            device
            for device in self.devices.devices.values()
            if device.phone is not None and fault.meets(device.phone, device.id)
        ]
        for device in lost:
            self.log_out(device, "unknown_companion")
        return bool(lost)

    def _devices_changed(self) -> None:
        self.feed.publish({"type": "devices"})
