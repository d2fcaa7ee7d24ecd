"""The control API: what tests, the demo and the virtual phone do to the emulated WhatsApp. JSON under `/control`."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import logging
from bisect import bisect_right
from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.errors import Conflict, NotFound, SimulatorError
from simulator.server.control_request import (
    flag_of,
    last_of,
    positive_of,
    read_body,
    target_of,
    text_of,
    whole_of,
    window_of,
)
from simulator.world.devices import Connection, Device
from simulator.world.faults import Fault, check_count, check_value
from simulator.world.message import RECORD_COLUMNS
from simulator.world.numbers import parse_chat, parse_number
from simulator.world.phones import Phone
from simulator.world.world import World

_log = logging.getLogger(__name__)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def errors_as_json(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer every failure of the control API with `{"error", "message"}`."""
    if not request.path.startswith("/control"):
        return await handler(request)
    try:
        return await handler(request)
    except SimulatorError as error:
        return web.json_response({"error": error.code, "message": str(error)}, status=error.status)
    except web.HTTPException as error:
        code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status, "BAD_REQUEST")
        return web.json_response({"error": code, "message": error.reason}, status=error.status)
    except Exception:  # noqa: BLE001 - the request's edge
        _log.exception("request.failed %s %s", request.method, request.path)
        return web.json_response({"error": "INTERNAL_ERROR", "message": "see the log"}, status=500)


class Control:
    """The control API over a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the control API."""
        phone = "/control/phones/{number}"
        return [
            web.get("/control/health", self.health),
            web.get("/control/phones", self.phones),
            web.post("/control/phones", self.put_phone),
            web.get(phone, self.phone),
            web.post(phone + "/scan", self.scan),
            web.post(phone + "/pairing-code", self.pairing_code),
            web.post(phone + "/logout", self.logout),
            web.put(phone + "/limits", self.put_limits),
            web.get(phone + "/messages", self.messages),
            web.get(phone + "/chats", self.chats),
            web.get("/control/devices", self.devices),
            web.get("/control/record", self.record),
            web.get("/control/counts", self.counts),
            web.get("/control/numbers", self.numbers),
            web.put("/control/numbers/{number}", self.put_number),
            web.get("/control/settings", self.settings),
            web.put("/control/settings", self.put_settings),
            web.get("/control/faults", self.faults),
            web.post("/control/faults", self.add_fault),
            web.delete("/control/faults", self.lift_faults),
            web.delete("/control/faults/{id}", self.lift_fault),
            web.get("/control/events", self.events),
        ]

    async def health(self, request: web.Request) -> web.Response:
        """Say that the simulator lives, with a few figures."""
        world = self._world
        return web.json_response(
            {"ok": True, "phones": len(world.book.phones), "pages_online": len(world.devices.online)}
        )

    async def phones(self, request: web.Request) -> web.Response:
        """List all phones."""
        return web.json_response([self._phone_dict(phone) for phone in self._world.book.phones.values()])

    async def put_phone(self, request: web.Request) -> web.Response:
        """Create a phone or change its name or LID mode."""
        body = await read_body(request)
        number = parse_number(body.get("number"))
        phone = self._world.put_phone(number, text_of(body, "name"), flag_of(body, "lid"))
        return web.json_response(self._phone_dict(phone))

    async def phone(self, request: web.Request) -> web.Response:
        """Show one phone with its linked devices."""
        return web.json_response(self._phone_dict(self._phone(request)))

    async def scan(self, request: web.Request) -> web.Response:
        """The phone scans a waiting page's code; answers once the page has stored its login."""
        phone = self._phone(request)
        body = await read_body(request)
        device_id = body.get("device_id")
        if device_id is not None:
            connection = self._waiting(str(device_id))
        else:
            connection = self._world.pairing.by_qr(body.get("qr", body.get("ref")))
        device = await self._world.link(connection, phone)
        return web.json_response({"device_id": device.id})

    async def pairing_code(self, request: web.Request) -> web.Response:
        """The phone's owner types the code a page shows; answers once the page has stored its login."""
        phone = self._phone(request)
        body = await read_body(request)
        connection = self._world.pairing.by_code(body.get("code"), phone.number)
        device = await self._world.link(connection, phone)
        return web.json_response({"device_id": device.id})

    async def logout(self, request: web.Request) -> web.Response:
        """The phone's owner logs one linked device out, or all of them."""
        phone = self._phone(request)
        body = await read_body(request)
        devices = self._world.devices.of_phone(phone.number)
        wanted = body.get("device_id")
        if wanted is not None:
            devices = [device for device in devices if device.id == wanted]
            if not devices:
                raise NotFound(f"no device {wanted} is linked to {phone.number}")
        for device in devices:
            self._world.log_out(device, "user_initiated")
        return web.json_response({"logged_out": [device.id for device in devices]})

    async def put_limits(self, request: web.Request) -> web.Response:
        """Say how much a phone may write to new chats; what isn't named stays as it was."""
        limits = self._phone(request).limits
        body = await read_body(request)
        for name in body.keys() & {"time_lock_ends", "total_quota"}:
            setattr(limits, name, whole_of(body, name))
        for name in body.keys() & {"used_quota", "cycle_ends"}:
            setattr(limits, name, whole_of(body, name) or 0)
        limits.enforcement_type = text_of(body, "enforcement_type") or limits.enforcement_type
        return web.json_response(limits.as_dict())

    async def messages(self, request: web.Request) -> web.Response:
        """List a phone's messages in order of acceptance: of one chat with `to`, its newest ones alone with `last`."""
        phone = self._phone(request)
        after, limit = window_of(request)
        mailbox = self._world.delivery.mailbox(phone.number)
        chat = request.query.get("to")
        rows = mailbox.rows if chat is None else mailbox.by_chat.get(parse_chat(chat), [])
        start = bisect_right(rows, after, key=lambda row: row.seq)
        last = last_of(request)
        start = max(start, len(rows) - last)
        return web.json_response([row.as_dict() for row in rows[start : start + limit]])

    async def chats(self, request: web.Request) -> web.Response:
        """List a phone's chats, the most recent first, each with its last message."""
        phone = self._phone(request)
        mailbox = self._world.delivery.mailbox(phone.number)
        chats = sorted(mailbox.by_chat.items(), key=lambda item: item[1][-1].seq, reverse=True)
        _, limit = window_of(request)
        return web.json_response(
            [
                {
                    "number": number,
                    "name": self._world.name_of_chat(number),
                    "unread": mailbox.unread_count(number),
                    "last": rows[-1].as_dict(),
                }
                for number, rows in chats[:limit]
            ]
        )

    async def devices(self, request: web.Request) -> web.Response:
        """List linked devices and waiting pages."""
        world = self._world
        shown = {**world.devices.devices, **{c.device.id: c.device for c in world.devices.online.values()}}
        return web.json_response([self._device_dict(device) for device in shown.values()])

    async def record(self, request: web.Request) -> web.Response:
        """The record of all phones in order of acceptance, as JSON or CSV."""
        after, limit = window_of(request)
        rows = [row for box in self._world.delivery.all_mailboxes().values() for row in box.after(after)]
        rows.sort(key=lambda row: row.seq)
        records = [row.as_dict() for row in rows[:limit]]
        if request.query.get("format", "json") != "csv":
            return web.json_response(records)
        text = io.StringIO()
        writer = csv.DictWriter(text, RECORD_COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(records)
        return web.Response(text=text.getvalue(), content_type="text/csv")

    async def counts(self, request: web.Request) -> web.Response:
        """Count each phone's messages."""
        boxes = self._world.delivery.all_mailboxes()
        numbers = self._world.book.phones.keys() | boxes.keys()
        return web.json_response({number: self._world.delivery.mailbox(number).counts for number in sorted(numbers)})

    async def numbers(self, request: web.Request) -> web.Response:
        """List the numbers of which something special was said."""
        return web.json_response([contact.as_dict() for contact in self._world.book.contacts.values()])

    async def put_number(self, request: web.Request) -> web.Response:
        """Say what is special about a number: on WhatsApp or not, reached by LID or not, its name and picture."""
        body = await read_body(request)
        number = parse_number(request.match_info["number"])
        changes: dict[str, object] = {name: text_of(body, name) for name in ("name", "picture")}
        changes |= {name: flag_of(body, name) for name in ("exists", "lid", "hides_picture", "business")}
        if changes["picture"]:
            self._world.media.get(str(changes["picture"]))
        contact = self._world.put_contact(number, changes)
        return web.json_response(contact.as_dict())

    async def settings(self, request: web.Request) -> web.Response:
        """Show the settings."""
        return web.json_response(self._world.settings.as_dict())

    async def put_settings(self, request: web.Request) -> web.Response:
        """Change some settings."""
        return web.json_response(self._world.change_settings(await read_body(request)).as_dict())

    async def faults(self, request: web.Request) -> web.Response:
        """List the faults in force."""
        return web.json_response([fault.as_dict() for fault in self._world.faults.all()])

    async def add_fault(self, request: web.Request) -> web.Response:
        """Let something go wrong."""
        body = await read_body(request)
        kind = str(body.get("kind"))
        value = check_value(kind, body.get("value"))
        phone, device = target_of(body)
        fault = self._world.faults.add(
            kind,
            phone=phone,
            device=device,
            value=value,
            duration_ms=positive_of(body, "duration_ms"),
            count=check_count(kind, positive_of(body, "count")),
        )
        self._world.add_fault(fault)
        return web.json_response(fault.as_dict())

    async def lift_faults(self, request: web.Request) -> web.Response:
        """Lift all faults."""
        return web.json_response({"lifted": [self._lift(fault.id).id for fault in self._world.faults.all()]})

    async def lift_fault(self, request: web.Request) -> web.Response:
        """Lift one fault."""
        return web.json_response({"lifted": [self._lift(request.match_info["id"]).id]})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream what happens as server-sent events."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        with self._world.feed.subscribe() as queue:
            await response.write(b": hello\n\n")
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), timeout=15)
                    if event["type"] == "end":
                        return response
                    line = f"data: {json.dumps(event)}\n\n"
                except TimeoutError:
                    line = ": still here\n\n"
                try:
                    await response.write(line.encode())
                except ConnectionError:
                    return response

    def _lift(self, fault_id: str) -> Fault:
        fault = self._world.faults.lift(fault_id)
        self._world.fault_ended(fault)
        return fault

    def _phone(self, request: web.Request) -> Phone:
        return self._world.book.phone(parse_number(request.match_info["number"]))

    def _waiting(self, device_id: str) -> Connection:
        connection = self._world.devices.online.get(device_id)
        if connection is None:
            raise NotFound(f"no page of device {device_id} is open")
        if connection.device.phone is not None:
            raise Conflict(f"device {device_id} is linked already")
        return connection

    def _phone_dict(self, phone: Phone) -> dict[str, object]:
        devices = self._world.devices.of_phone(phone.number)
        connections = self._world.devices.connections_of(phone.number)
        return {
            **phone.as_dict(),
            "limits": phone.limits.as_dict(),
            "shown_online": any(connection.shown_online for connection in connections),
            "times_online": phone.times_online,
            "times_asked": phone.times_asked,
            "chat_states": list(phone.chat_states),
            "devices": [self._device_dict(device) for device in devices],
        }

    def _device_dict(self, device: Device) -> dict[str, object]:
        connection = self._world.devices.online.get(device.id)
        return {
            "device_id": device.id,
            "phone": device.phone,
            "os": device.os,
            "user_agent": device.user_agent,
            "linked_at": device.linked_at,
            "online": connection is not None,
            "pages": 0 if connection is None else 1,
            "connected_since": None if connection is None else connection.since,
            "ref": None if connection is None else connection.ref,
            "web_version": None if connection is None else connection.web_version,
            "auth_code": None if connection is None else connection.auth_code,
        }
