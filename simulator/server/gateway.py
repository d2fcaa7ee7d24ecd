"""The WebSocket between a page and the server.

The page asks `{"n": 7, "op": "send", …}` and is answered `{"re": 7, …}`, with `error` if the server couldn't do it.
What the server says by itself is `{"push": …}`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from aiohttp import WSMsgType, web

from simulator.errors import BadRequest, SimulatorError
from simulator.world.delivery import now_ms
from simulator.world.devices import Connection, Device
from simulator.world.numbers import chat_of_wid, lid_of, number_of_wid, parse_number
from simulator.world.outbound.sent import read_sent
from simulator.world.phones import Phone
from simulator.world.world import World

_log = logging.getLogger(__name__)

_VERSION_REFUSED = 405

_Ask = dict[str, object]
_Answer = dict[str, object] | None


class Gateway:
    """Serves the pages' sockets on a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._operations: dict[str, Callable[[Connection, _Ask], _Answer]] = {
            "refresh_qr": self._refresh_qr,
            "pairing_code": self._pairing_code,
            "paired": self._paired,
            "sync": self._sync,
            "send": self._send,
            "change": self._change,
            "query": self._query,
            "picture": self._picture,
            "chat_state": self._chat_state,
            "groups": self._groups,
            "message_info": self._message_info,
            "seen": self._seen,
            "seen_chat": self._seen_chat,
            "presence": self._presence,
            "limits": self._limits,
            "placeholder_resend": self._placeholder_resend,
            "media_retry": self._media_retry,
            "logout": self._logout,
        }

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one page until it goes."""
        device_id = request.query.get("device", "")
        if self._world.refuses(self._world.devices.devices.get(device_id), device_id):
            raise web.HTTPServiceUnavailable(text="offline")
        socket = web.WebSocketResponse(max_msg_size=1 << 22)
        await socket.prepare(request)
        hello = await _receive(socket)
        if hello is None or hello.get("op") != "hello" or not device_id:
            await socket.close()
            return socket
        device = self._recognise(device_id, hello)
        version = str(hello.get("version") or "")
        if self._world.refuses_version(device, version):
            await socket.send_json({"push": "failure", "reason": _VERSION_REFUSED})
            await socket.close()
            return socket
        device.user_agent = request.headers.get("User-Agent", "")
        keys = hello.get("keys")
        connection = Connection(
            socket,
            request.transport,
            device,
            [str(key) for key in keys] if isinstance(keys, list) else [],
            now_ms(),
            lambda: self._world.latency(device),
        )
        connection.web_version = version
        try:
            self._welcome(connection, claims_login=bool(hello.get("login")))
            while (ask := await _receive(socket)) is not None:
                self._answer(connection, ask)
        finally:
            self._world.closed(connection)
        return socket

    def _recognise(self, device_id: str, hello: _Ask) -> Device:
        device = self._world.devices.devices.get(device_id)
        login = hello.get("login")
        token = login.get("token") if isinstance(login, dict) else None
        if device is not None and device.phone is not None and token == device.token:
            return device
        if device is not None and token is None:
            self._world.log_out(device, "unknown_companion")
        return Device(device_id)

    def _welcome(self, connection: Connection, *, claims_login: bool) -> None:
        device = connection.device
        if claims_login and device.phone is None:
            connection.send({"push": "logout", "reason": "unknown_companion"})
            return
        self._world.opened(connection)
        account = None if device.phone is None else self._world.account(self._world.book.phone(device.phone))
        connection.send({"push": "welcome", "account": account, "settings": self._world.settings.for_page()})
        self._world.greet_with_faults(connection)
        if device.phone is None:
            self._world.pairing.start(connection)

    def _answer(self, connection: Connection, ask: _Ask) -> None:
        number = ask.get("n")
        try:
            operation = self._operations.get(str(ask.get("op")))
            if operation is None:
                raise BadRequest(f"unknown operation: {ask.get('op')!r}")
            answer = operation(connection, ask)
        except SimulatorError as error:
            connection.send({"re": number, "error": error.code, "message": str(error)})
            return
        if answer is not None:
            delay = self._world.settings.ack_ms if ask.get("op") in ("send", "change") else 0
            connection.send({"re": number, **answer}, delay)

    def _refresh_qr(self, connection: Connection, ask: _Ask) -> _Answer:
        if connection.device.phone is None:
            self._world.pairing.start(connection)
        return {}

    def _pairing_code(self, connection: Connection, ask: _Ask) -> _Answer:
        return {"code": self._world.pairing.code_for(connection, parse_number(ask.get("number")))}

    def _paired(self, connection: Connection, ask: _Ask) -> _Answer:
        number = parse_number(ask.get("number"))
        self._world.linked(connection, number, str(ask.get("token")), str(ask.get("os") or ""))
        if connection.linking is not None and not connection.linking.done():
            connection.linking.set_result(None)
        return {"account": self._world.account(self._world.book.phone(number))}

    def _sync(self, connection: Connection, ask: _Ask) -> _Answer:
        device = connection.device
        delivery = self._world.delivery
        history = None if device.synced else delivery.history(device)
        missed = delivery.missed(device) if device.synced else []
        device.synced = True
        connection.synced = True
        self._world.archive.device(device)
        groups = [] if device.phone is None else [group.for_page() for group in self._world.groups.of(device.phone)]
        return {"history": history, "missed": missed, "rev": delivery.last_rev, "groups": groups}

    def _send(self, connection: Connection, ask: _Ask) -> _Answer:
        return self._world.acceptance.accept(self._phone(connection), connection.device, read_sent(ask))

    def _change(self, connection: Connection, ask: _Ask) -> _Answer:
        return self._world.changes.take(self._phone(connection), connection.device, ask)

    def _phone(self, connection: Connection) -> Phone:
        if connection.device.phone is None:
            raise BadRequest("this device isn't linked")
        return self._world.book.phone(connection.device.phone)

    def _picture(self, connection: Connection, ask: _Ask) -> _Answer:
        contact = self._world.book.contacts.get(number_of_wid(ask.get("wid")))
        if contact is None:
            return {"picture": None, "hidden": False}
        return {"picture": contact.picture or None, "hidden": contact.hides_picture}

    def _chat_state(self, connection: Connection, ask: _Ask) -> _Answer:
        self._world.show_typing(connection, chat_of_wid(ask.get("wid")), str(ask.get("state")))
        return None

    def _groups(self, connection: Connection, ask: _Ask) -> _Answer:
        number = self._phone(connection).number
        return {"groups": [group.for_page() for group in self._world.groups.of(number)]}

    def _message_info(self, connection: Connection, ask: _Ask) -> _Answer:
        message = self._world.arrivals.find(self._phone(connection), str(ask.get("key")))
        group = self._world.groups.groups.get(message.chat)
        acks = {message.wid: message.ack}
        if group is not None:
            acks = {group.wid_of(n): message.member_acks.get(n, 1) for n in group.others(message.phone)}
        t = (message.read_at or message.delivered_at or message.accepted_at) // 1000
        return {"members": [{"wid": wid, "ack": ack, "t": t} for wid, ack in acks.items()]}

    def _query(self, connection: Connection, ask: _Ask) -> _Answer:
        number = number_of_wid(ask.get("wid"))
        world = self._world
        device = connection.device
        uses_lid = False
        if device.phone is not None:
            phone = world.book.phone(device.phone)
            phone.times_asked += 1
            uses_lid = world.book.uses_lid(phone, number)
        contact = world.book.contacts.get(number)
        return {
            "business": contact is not None and contact.business,
            "exists": world.book.exists(number, world.settings.not_on_whatsapp_prefix),
            "number": number,
            "lid": lid_of(number),
            "uses_lid": uses_lid,
            "name": world.book.name_of(number),
        }

    def _seen(self, connection: Connection, ask: _Ask) -> _Answer:
        rev = ask.get("rev")
        if connection.synced and isinstance(rev, int):
            self._world.delivery.seen(connection.device, rev)
        return None

    def _seen_chat(self, connection: Connection, ask: _Ask) -> _Answer:
        if connection.device.phone is not None:
            self._world.delivery.read_by_phone(connection.device.phone, ask.get("wid"))
        return None

    def _presence(self, connection: Connection, ask: _Ask) -> _Answer:
        self._world.show_presence(connection, ask.get("available") is True)
        return None

    def _limits(self, connection: Connection, ask: _Ask) -> _Answer:
        return self._phone(connection).limits.for_page()

    def _placeholder_resend(self, connection: Connection, ask: _Ask) -> _Answer:
        keys = ask.get("keys")
        if isinstance(keys, list):
            self._world.delivery.resend_placeholders(connection, [str(key) for key in keys])
        return None

    def _media_retry(self, connection: Connection, ask: _Ask) -> _Answer:
        self._world.ask_phone_for_media(connection, str(ask.get("key")))
        return None

    def _logout(self, connection: Connection, ask: _Ask) -> _Answer:
        self._world.log_out(connection.device, "user_initiated")
        return None


async def _receive(socket: web.WebSocketResponse) -> _Ask | None:
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            continue
        try:
            ask = json.loads(message.data)
        except ValueError:
            _log.warning("frame.refused not JSON")
            continue
        if isinstance(ask, dict):
            return ask
    return None
