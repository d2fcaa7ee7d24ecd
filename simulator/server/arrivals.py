"""The control API's part for what comes in: what contacts and the phone's owner write, and what they do to it later."""

from __future__ import annotations

import asyncio

from aiohttp import web

from simulator.errors import BadRequest
from simulator.server.control_request import (
    Body,
    flag_of,
    list_of,
    object_of,
    positive_of,
    read_body,
    required_text_of,
    text_of,
)
from simulator.world.content.media import Media
from simulator.world.content.types import check_type, kind_of
from simulator.world.inbound.arrivals import Arrival
from simulator.world.message import Message
from simulator.world.numbers import parse_chat, parse_group, parse_number
from simulator.world.phones import Phone
from simulator.world.world import World

_AD: dict[str, object] = {
    "sourceUrl": "https://fb.me/simulador",
    "title": "Anuncio de prueba",
    "description": "Escríbenos",
    "mediaType": 1,
    "sourceApp": "facebook",
    "conversionSource": "FB_Ads",
    "conversionData": "c2ltdWxhZG9y",
}
"""What WhatsApp Web keeps of an ad, where a caller says nothing."""


class ArrivalControl:
    """The calls by which something comes in."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        phone = "/control/phones/{number}"
        return [
            web.post(phone + "/receive", self.receive),
            web.post(phone + "/inbound", self.inbound),
            web.post(phone + "/lead", self.lead),
            web.post(phone + "/own", self.own),
            web.post(phone + "/react", self.react),
            web.post(phone + "/vote", self.vote),
            web.post(phone + "/edit", self.edit),
            web.post(phone + "/revoke", self.revoke),
            web.post(phone + "/read", self.read),
        ]

    async def receive(self, request: web.Request) -> web.Response:
        """Somebody writes to the phone, or its owner on it: a message of any type."""
        phone = self._phone(request)
        body = await read_body(request)
        type_ = check_type(body.get("type", "chat"))
        group = body.get("group")
        arrival = Arrival(
            contact=parse_number(body.get("from")),
            type=type_,
            text=text_of(body, "text"),
            group=None if group is None else parse_group(group),
            from_me=flag_of(body, "from_me") or False,
            fields=object_of(body, "fields") or {},
            quotes=text_of(body, "quotes"),
            media=await self._media(body, type_),
            placeholder=flag_of(body, "placeholder") or False,
            tells_number=flag_of(body, "tells_number") or False,
            silent=flag_of(body, "silent") or False,
        )
        return _told(self._world.arrivals.receive(phone, arrival))

    async def inbound(self, request: web.Request) -> web.Response:
        """A contact writes a text to the phone."""
        phone = self._phone(request)
        body = await read_body(request)
        arrival = Arrival(parse_number(body.get("from")), text=required_text_of(body, "body"))
        return _told(self._world.arrivals.receive(phone, arrival))

    async def lead(self, request: web.Request) -> web.Response:
        """Somebody who came from an ad writes: linked devices get an empty placeholder until they ask the phone."""
        phone = self._phone(request)
        body = await read_body(request)
        ad = object_of(body, "ctwa_context") or _AD
        contact, text = parse_number(body.get("from")), required_text_of(body, "body")
        arrival = Arrival(contact, text=text, fields={"ctwaContext": ad}, placeholder=True)
        return _told(self._world.arrivals.receive(phone, arrival))

    async def own(self, request: web.Request) -> web.Response:
        """The phone's owner writes a text on the phone itself."""
        phone = self._phone(request)
        body = await read_body(request)
        arrival = Arrival(parse_number(body.get("to")), text=required_text_of(body, "body"), from_me=True)
        return _told(self._world.arrivals.receive(phone, arrival))

    async def react(self, request: web.Request) -> web.Response:
        """Somebody puts an emoji to a message; an empty one takes the former back."""
        phone = self._phone(request)
        body = await read_body(request)
        emoji = text_of(body, "emoji")
        if emoji is None:
            raise BadRequest("emoji is missing; an empty one takes a reaction back")
        message = self._world.arrivals.react(
            phone,
            required_text_of(body, "key"),
            emoji,
            sender=_sender(body),
            from_me=flag_of(body, "from_me") or False,
            silent=flag_of(body, "silent") or False,
        )
        return _told(message)

    async def vote(self, request: web.Request) -> web.Response:
        """Somebody votes in a poll: all that is chosen now; none takes the vote back."""
        phone = self._phone(request)
        body = await read_body(request)
        message = self._world.arrivals.vote(
            phone,
            required_text_of(body, "key"),
            list_of(body, "options"),
            sender=_sender(body),
            from_me=flag_of(body, "from_me") or False,
            silent=flag_of(body, "silent") or False,
        )
        return _told(message)

    async def edit(self, request: web.Request) -> web.Response:
        """Who wrote a message writes it anew."""
        phone = self._phone(request)
        body = await read_body(request)
        key, text = required_text_of(body, "key"), required_text_of(body, "text")
        message = self._world.arrivals.edit(phone, key, text, silent=flag_of(body, "silent") or False)
        return web.json_response({"id": message.edit_id, "key": message.key_with(message.edit_id)})

    async def revoke(self, request: web.Request) -> web.Response:
        """Who wrote a message, or a group's admin, deletes it for everyone."""
        phone = self._phone(request)
        body = await read_body(request)
        message = self._world.arrivals.revoke(
            phone,
            required_text_of(body, "key"),
            by_admin=flag_of(body, "by_admin") or False,
            silent=flag_of(body, "silent") or False,
        )
        return web.json_response({"id": message.revoke_id, "key": message.key_with(message.revoke_id)})

    async def read(self, request: web.Request) -> web.Response:
        """A contact, or one member of a group (`from`), reads all that the phone sent there."""
        phone = self._phone(request)
        body = await read_body(request)
        count = self._world.delivery.read_by_contact(phone.number, parse_chat(body.get("to")), _sender(body))
        return web.json_response({"read": count})

    async def _media(self, body: Body, type_: str) -> Media | None:
        """Return a message's bytes: those that were given before, or as many as are asked for."""
        given, size = text_of(body, "media"), positive_of(body, "size")
        kind = kind_of(type_)
        if kind.size is None:
            if given is not None or size is not None:
                raise BadRequest(f"a message of type {type_} has no media")
            return None
        if given is not None:
            return self._world.media.get(given)
        fields = object_of(body, "fields") or {}
        mimetype = str(fields.get("mimetype") or kind.fields["mimetype"])
        media = await asyncio.to_thread(self._world.media.make, size or kind.size, mimetype)
        self._world.archive.media(media)
        return media

    def _phone(self, request: web.Request) -> Phone:
        return self._world.book.phone(parse_number(request.match_info["number"]))


def _sender(body: Body) -> str | None:
    return None if body.get("from") is None else parse_number(body["from"])


def _told(message: Message) -> web.Response:
    answer: dict[str, object] = {"id": message.id, "key": message.key, "seq": message.seq}
    if message.media:
        answer["media"] = message.media
    return web.json_response(answer)
