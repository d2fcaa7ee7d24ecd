"""Devices: browser profiles that are linked to a phone or wait to be, and the page each of them has open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from simulator.errors import NotFound
from simulator.world.message import Message


@dataclass(slots=True)
class Device:
    """A browser profile. Times are milliseconds since the epoch.

    Attributes:
        id: made by the page, kept in its IndexedDB.
        phone: the number it is linked to; None while it waits.
        token: proof of the link, kept by the page as its login.
        cursor: the last change (`rev`) the page said it has stored.
        synced: it has been given its first history.
        os: the name it goes by in the phone's list of devices.
        user_agent: of the browser.
        linked_at: when it was linked.
        unacked: messages (by seq) whose ack was dropped; their receipts are held as well.
        held: messages (by seq) with a receipt that was dropped, to be told at the next connection.
    """

    id: str
    phone: str | None = None
    token: str = ""
    cursor: int = 0
    synced: bool = False
    os: str = ""
    user_agent: str = ""
    linked_at: int | None = None
    unacked: dict[int, Message] = field(default_factory=dict)
    held: dict[int, Message] = field(default_factory=dict)


class Connection:
    """A page's open WebSocket. Everything for the page goes through its one ordered, delayable queue.

    Attributes:
        device: whose page it is.
        keys: the public parts of the device's keys, as they stand in the QR code.
        ref: the code on show; None if none is.
        synced: the page has caught up; from here on it is told every change.
        since: when it connected, milliseconds since the epoch.
        linking: resolved once the page has stored its login.
        web_version: the build that it says it is.
        shown_online: it says that somebody sits before it, and the account's contacts see that.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        device: Device,
        keys: list[str],
        since: int,
        latency: Callable[[], float],
    ) -> None:
        self.device = device
        self.keys = keys
        self.since = since
        self.ref: str | None = None
        self.synced = False
        self.web_version = ""
        self.shown_online = False
        self.linking: asyncio.Future[None] | None = None
        self.ref_cycle: asyncio.Task[None] | None = None
        self._socket = socket
        self._transport = transport
        self._latency = latency
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[float, str | None]] = asyncio.Queue()
        self._writer = self._loop.create_task(self._write())

    @property
    def auth_code(self) -> str | None:
        """The full text of the QR code on show."""
        return None if self.ref is None else ",".join([self.ref, *self.keys])

    def send(self, payload: Mapping[str, object], delay_ms: int = 0) -> None:
        """Queue a message for the page; it leaves after the delay and the latency in force, in order."""
        due = self._loop.time() + delay_ms / 1000 + self._latency()
        self._queue.put_nowait((due, json.dumps(payload, separators=(",", ":"))))

    def close(self) -> None:
        """Close the connection once what is queued has left."""
        self._queue.put_nowait((0.0, None))

    def drop(self) -> None:
        """Cut the connection at once; what is queued is lost."""
        self._writer.cancel()
        if self._transport is not None:
            self._transport.abort()

    def ended(self) -> None:
        """Free what the connection held; called when its socket is gone."""
        self._writer.cancel()
        if self.ref_cycle is not None:
            self.ref_cycle.cancel()
        if self.linking is not None and not self.linking.done():
            self.linking.cancel()

    async def _write(self) -> None:
        while True:
            due, text = await self._queue.get()
            wait = due - self._loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            if text is None:
                await self._socket.close()
                return
            try:
                await self._socket.send_str(text)
            except ConnectionError:
                return


class DeviceRegistry:
    """All devices the server knows, and the connection of each that has its page open."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self.online: dict[str, Connection] = {}
        self._by_phone: dict[str, dict[str, Device]] = {}

    def device(self, device_id: str) -> Device:
        """Return a device.

        Raises:
            NotFound: the server knows none with this id.
        """
        try:
            return self.devices[device_id]
        except KeyError:
            raise NotFound(f"no device {device_id}") from None

    def load(self, device: Device) -> None:
        """Take in a device from the archive."""
        self.devices[device.id] = device
        if device.phone is not None:
            self._by_phone.setdefault(device.phone, {})[device.id] = device

    def link(self, device: Device, phone: str) -> None:
        """Note that a device belongs to a phone."""
        self.unlink(device)
        device.phone = phone
        self._by_phone.setdefault(phone, {})[device.id] = device

    def unlink(self, device: Device) -> None:
        """Forget which phone a device belongs to."""
        if device.phone is not None:
            self._by_phone.get(device.phone, {}).pop(device.id, None)
            device.phone = None

    def forget(self, device: Device) -> None:
        """Forget a device altogether."""
        self.unlink(device)
        self.devices.pop(device.id, None)

    def of_phone(self, number: str) -> list[Device]:
        """Return a phone's linked devices."""
        return list(self._by_phone.get(number, {}).values())

    def connections_of(self, number: str) -> list[Connection]:
        """Return the connections of a phone's linked devices."""
        online = self.online
        return [online[device_id] for device_id in self._by_phone.get(number, {}) if device_id in online]
