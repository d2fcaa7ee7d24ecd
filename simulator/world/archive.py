"""What outlives the process: phones, contacts, devices, messages and settings in one SQLite file.

Writing is behind: changed rows are gathered and written together every fraction of a second by a thread, and all of
them on `close`. The objects in memory are what everything else reads.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

from simulator.world.content.media import Media
from simulator.world.devices import Device
from simulator.world.groups.group import Group
from simulator.world.message import Message
from simulator.world.phones import Contact, Phone

_FLUSH_SECONDS = 0.15

_MESSAGE_COLUMNS = tuple(field.name for field in fields(Message))
_MEDIA_COLUMNS = ("id", "mimetype", "size", "sha256", "seed", "key", "uploads", "gone", "on_phone")
_CONTACT_COLUMNS = ("number", "exists", "lid", "name", "picture", "hides_picture", "business")
_DEVICE_COLUMNS = ("id", "phone", "token", "cursor", "synced", "os", "user_agent", "linked_at")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS phones (number TEXT PRIMARY KEY, name TEXT NOT NULL, lid INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS contacts (number TEXT PRIMARY KEY, "exists" INTEGER, lid INTEGER, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS devices (
    id TEXT PRIMARY KEY, phone TEXT, token TEXT NOT NULL, cursor INTEGER NOT NULL, synced INTEGER NOT NULL,
    os TEXT NOT NULL, user_agent TEXT NOT NULL, linked_at INTEGER);
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY, phone TEXT NOT NULL, chat TEXT NOT NULL, wid TEXT NOT NULL, id TEXT NOT NULL,
    from_me INTEGER NOT NULL, body TEXT NOT NULL, origin TEXT NOT NULL, device_id TEXT NOT NULL, ack INTEGER NOT NULL,
    copies INTEGER NOT NULL, recipient_copies INTEGER NOT NULL, accepted_at INTEGER NOT NULL, delivered_at INTEGER,
    read_at INTEGER, rev INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS media (
    id TEXT PRIMARY KEY, mimetype TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, seed TEXT NOT NULL,
    key TEXT NOT NULL, uploads INTEGER NOT NULL, gone INTEGER NOT NULL, on_phone INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS groups (id TEXT PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_TEXT, _FLAG = "TEXT NOT NULL DEFAULT ''", "INTEGER NOT NULL DEFAULT 0"
_ADDED_COLUMNS = {
    "contacts": {"picture": _TEXT, "hides_picture": _FLAG, "business": _FLAG},
    "messages": {
        "revoke_id": _TEXT,
        "type": "TEXT NOT NULL DEFAULT 'chat'",
        "author": _TEXT,
        "participant": _TEXT,
        "content": _TEXT,
        "placeholder": _FLAG,
        "tells_number": _FLAG,
        "silent": _FLAG,
        "parent": _TEXT,
        "superseded": _FLAG,
        "edit_id": _TEXT,
        "edited_at": "INTEGER",
        "revoke_subtype": "TEXT NOT NULL DEFAULT 'sender'",
        "media": _TEXT,
        "receipts": _TEXT,
    },
}
"""Columns, by table, that files of before don't have."""

_FLAGS = ("from_me", "placeholder", "tells_number", "silent", "superseded")

_Row = tuple[object, ...]


def _upsert(table: str, columns: Iterable[str]) -> str:
    names = [f'"{name}"' for name in columns]
    return f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})"


_UPSERTS = {
    "phones": _upsert("phones", ("number", "name", "lid")),
    "contacts": _upsert("contacts", _CONTACT_COLUMNS),
    "devices": _upsert("devices", _DEVICE_COLUMNS),
    "messages": _upsert("messages", _MESSAGE_COLUMNS),
    "media": _upsert("media", _MEDIA_COLUMNS),
    "groups": _upsert("groups", ("id", "content")),
    "settings": _upsert("settings", ("name", "value")),
}


class Archive:
    """The SQLite file and what still has to be written to it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(directory / "simulator.sqlite3", check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)
        self._add_missing_columns()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive")
        self._messages: dict[int, Message] = {}
        self._devices: dict[str, Device] = {}
        self._rows: dict[tuple[str, str], _Row] = {}
        self._gone: set[str] = set()

    def message(self, message: Message) -> None:
        """Note that a message has changed."""
        self._messages[message.seq] = message

    def device(self, device: Device) -> None:
        """Note that a device has changed."""
        self._gone.discard(device.id)
        self._devices[device.id] = device

    def device_gone(self, device: Device) -> None:
        """Note that a device is forgotten."""
        self._devices.pop(device.id, None)
        self._gone.add(device.id)

    def phone(self, phone: Phone) -> None:
        """Note that a phone has changed."""
        self._rows["phones", phone.number] = (phone.number, phone.name, phone.lid)

    def contact(self, contact: Contact) -> None:
        """Note that a contact has changed."""
        self._rows["contacts", contact.number] = tuple(getattr(contact, name) for name in _CONTACT_COLUMNS)

    def media(self, media: Media) -> None:
        """Note that media have changed."""
        self._rows["media", media.id] = tuple(getattr(media, name) for name in _MEDIA_COLUMNS)

    def group(self, group: Group) -> None:
        """Note that a group has changed."""
        self._rows["groups", group.id] = (group.id, json.dumps(group.as_dict()))

    def setting(self, name: str, value: object) -> None:
        """Note that a setting has changed."""
        self._rows["settings", name] = (name, json.dumps(value))

    def load_phones(self) -> list[Phone]:
        """Return the phones on record."""
        rows = self._database.execute("SELECT number, name, lid FROM phones")
        return [Phone(number, name, bool(lid)) for number, name, lid in rows]

    def load_contacts(self) -> list[Contact]:
        """Return the contacts on record."""
        names = ", ".join(f'"{name}"' for name in _CONTACT_COLUMNS)
        contacts = [Contact(*row) for row in self._database.execute(f"SELECT {names} FROM contacts")]
        for contact in contacts:
            for flag in ("exists", "lid", "hides_picture", "business"):
                value = getattr(contact, flag)
                setattr(contact, flag, None if value is None else bool(value))
        return contacts

    def load_devices(self) -> list[Device]:
        """Return the linked devices on record."""
        rows = self._database.execute(f"SELECT {', '.join(_DEVICE_COLUMNS)} FROM devices")
        return [
            Device(id_, phone, token, cursor, bool(synced), os, user_agent, linked_at)
            for id_, phone, token, cursor, synced, os, user_agent, linked_at in rows
        ]

    def load_messages(self) -> Iterable[Message]:
        """Yield the messages on record in order of acceptance."""
        rows = self._database.execute(f"SELECT {', '.join(_MESSAGE_COLUMNS)} FROM messages ORDER BY seq")
        for row in rows:
            message = Message(*row)
            for name in _FLAGS:
                setattr(message, name, bool(getattr(message, name)))
            yield message

    def load_media(self) -> list[Media]:
        """Return the media on record."""
        rows = self._database.execute(f"SELECT {', '.join(_MEDIA_COLUMNS)} FROM media")
        loaded = [Media(*row) for row in rows]
        for media in loaded:
            media.gone, media.on_phone = bool(media.gone), bool(media.on_phone)
        return loaded

    def load_groups(self) -> list[Group]:
        """Return the groups on record."""
        return [Group(**json.loads(content)) for (content,) in self._database.execute("SELECT content FROM groups")]

    def load_settings(self) -> dict[str, object]:
        """Return the settings that were changed."""
        return {name: json.loads(value) for name, value in self._database.execute("SELECT name, value FROM settings")}

    async def write_behind(self) -> None:
        """Write what has changed, again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            batch = self._take()
            if batch:
                await loop.run_in_executor(self._thread, self._write, batch)

    def close(self) -> None:
        """Write everything that is left and close the file."""
        self._thread.submit(self._write, self._take()).result()
        self._thread.shutdown()
        self._database.close()

    def _add_missing_columns(self) -> None:
        """Bring a file of before up to date: columns are only ever added."""
        for table, columns in _ADDED_COLUMNS.items():
            known = {str(row[1]) for row in self._database.execute(f"PRAGMA table_info({table})")}
            for name, definition in columns.items():
                if name not in known:
                    self._database.execute(f"ALTER TABLE {table} ADD COLUMN {name} {definition}")

    def _take(self) -> list[tuple[str, list[_Row]]]:
        batch: list[tuple[str, list[_Row]]] = []
        if self._messages:
            rows = [tuple(getattr(m, name) for name in _MESSAGE_COLUMNS) for m in self._messages.values()]
            batch.append((_UPSERTS["messages"], rows))
            self._messages = {}
        if self._devices:
            rows = [tuple(getattr(d, name) for name in _DEVICE_COLUMNS) for d in self._devices.values()]
            batch.append((_UPSERTS["devices"], rows))
            self._devices = {}
        for (table, _key), row in self._rows.items():
            batch.append((_UPSERTS[table], [row]))
        self._rows = {}
        if self._gone:
            batch.append(("DELETE FROM devices WHERE id = ?", [(device_id,) for device_id in self._gone]))
            self._gone = set()
        return batch

    def _write(self, batch: list[tuple[str, list[_Row]]]) -> None:
        with self._database:
            for statement, rows in batch:
                self._database.executemany(statement, rows)
