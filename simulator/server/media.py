"""Media as pages upload them to WhatsApp's servers and download them, and as the control API keeps and shows them."""

from __future__ import annotations

import asyncio
import hashlib

from aiohttp import web

from simulator.errors import BadRequest
from simulator.server.control_request import flag_of, read_body
from simulator.world.content.media import Media
from simulator.world.world import World

_BLOCK = 1 << 18


class MediaServer:
    """Serves media to pages, and the control API's calls about them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of media."""
        one = "/control/media/{id}"
        return [
            web.get("/v/t62.7118-24/{name}", self.download),
            web.post("/mms/{type}", self.take_upload),
            web.get("/pp/{id}.jpg", self.picture),
            web.post("/control/media", self.keep),
            web.get(one, self.show),
            web.put(one, self.put),
            web.post(one + "/upload", self.upload),
            web.get(one + "/content", self.content),
        ]

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Give a page what it asks for by address: 404 where WhatsApp has nothing there (any more)."""
        device_id = request.query.get("device", "")
        device = self._world.devices.devices.get(device_id)
        phone = None if device is None else device.phone
        failing = self._world.faults.use("fail_media", phone, device_id)
        if failing is not None:
            return web.Response(status=int(failing.value or 503), text="fails")
        media = self._world.media.by_path(request.match_info["name"])
        if media is None:
            return web.Response(status=404, text="gone")
        media.downloads += 1
        key_digest = hashlib.sha256(media.key.encode()).hexdigest()
        return await self._stream(request, media, {"X-Media-Key-Digest": key_digest}, (phone, device_id))

    async def take_upload(self, request: web.Request) -> web.Response:
        """Take what a page uploads for its messages; the answer says where it lies from now on.

        The bytes come as they are; the header `X-Media-Key` stands for what they would be encrypted with.
        """
        device_id = request.query.get("device", "")
        device = self._world.devices.devices.get(device_id)
        phone = None if device is None else device.phone
        if phone is None:
            return web.Response(status=401, text="not linked")
        if self._world.refuses(device, device_id):
            return web.Response(status=503, text="offline")
        failing = self._world.faults.use("fail_uploads", phone, device_id)
        if failing is not None:
            return web.Response(status=int(failing.value or 503), text="fails")
        limit = self._world.settings.upload_limit(request.match_info["type"])
        if (request.content_length or 0) > limit:
            return web.Response(status=413, text="too large")
        key = request.headers.get("X-Media-Key")
        if not key:
            return web.Response(status=400, text="no key")
        mimetype = request.headers.get("Content-Type") or "application/octet-stream"
        media = await self._keep(request, mimetype, key, (phone, device_id))
        return web.json_response({"direct_path": media.direct_path, "enc_filehash": media.fields(0)["encFilehash"]})

    async def keep(self, request: web.Request) -> web.Response:
        """Keep the body as media, of the type that its header says."""
        if not request.headers.get("Content-Type"):
            raise BadRequest("Content-Type is missing")
        mimetype = request.headers["Content-Type"]
        return web.json_response(_shown(await self._keep(request, mimetype)))

    async def show(self, request: web.Request) -> web.Response:
        """Tell what is known of media."""
        return web.json_response(_shown(self._media(request)))

    async def put(self, request: web.Request) -> web.Response:
        """Say whether WhatsApp still has them, and whether the phone has."""
        media = self._media(request)
        body = await read_body(request)
        gone, on_phone = flag_of(body, "gone"), flag_of(body, "on_phone")
        media.gone = media.gone if gone is None else gone
        media.on_phone = media.on_phone if on_phone is None else on_phone
        self._world.archive.media(media)
        return web.json_response(_shown(media))

    async def upload(self, request: web.Request) -> web.Response:
        """The phone uploads them again, whether somebody asked it or not."""
        media = self._media(request)
        self._world.delivery.upload_again(media)
        return web.json_response(_shown(media))

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """Give somebody's profile picture, to whoever has its address."""
        return await self._stream(request, self._media(request), {}, None)

    async def content(self, request: web.Request) -> web.StreamResponse:
        """Give the bytes to whoever looks at the phone itself."""
        return await self._stream(request, self._media(request), {}, None)

    async def _stream(
        self, request: web.Request, media: Media, headers: dict[str, str], slowed_for: tuple[str | None, str] | None
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": media.mimetype, "Cache-Control": "no-store", **headers})
        response.content_length = media.size
        await response.prepare(request)
        try:
            for block in self._world.media.read(media):
                if slowed_for is not None:
                    await self._hold_back("slow_media", len(block), *slowed_for)
                await response.write(block)
        except ConnectionError:
            pass  # the page gave up
        return response

    async def _keep(
        self,
        request: web.Request,
        mimetype: str,
        key: str | None = None,
        slowed_for: tuple[str | None, str] | None = None,
    ) -> Media:
        """Keep a request's body, block by block; nothing of one that breaks off."""
        incoming = self._world.media.incoming()
        try:
            async for block in request.content.iter_chunked(_BLOCK):
                if slowed_for is not None:
                    await self._hold_back("slow_uploads", len(block), *slowed_for)
                incoming.write(block)
            media = self._world.media.keep(incoming, mimetype, key)
        finally:
            incoming.discard()
        self._world.archive.media(media)
        return media

    async def _hold_back(self, kind: str, size: int, phone: str | None, device_id: str) -> None:
        """Wait for as long as these bytes take under the fault in force; without end where nothing gets through."""
        passed = 0.0
        while (fault := self._world.faults.find(kind, phone, device_id)) is not None:
            if fault.value and passed >= size / int(fault.value):
                return
            await asyncio.sleep(0.05)
            passed += 0.05

    def _media(self, request: web.Request) -> Media:
        return self._world.media.get(request.match_info["id"])


def _shown(media: Media) -> dict[str, object]:
    return {
        "media": media.id,
        "mimetype": media.mimetype,
        "size": media.size,
        "sha256": media.sha256,
        "gone": media.gone,
        "on_phone": media.on_phone,
        "uploads": media.uploads,
        "downloads": media.downloads,
    }
