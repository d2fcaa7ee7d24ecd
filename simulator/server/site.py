"""What a browser is served: the stand-in page under a nonce policy, its QR codes, and the virtual phone."""

from __future__ import annotations

import io
import json
import secrets
from html import escape
from pathlib import Path

import segno
from aiohttp import web

from simulator.settings import BUILD, Settings
from simulator.world.world import World

_PACKAGE = Path(__file__).parents[1]
_PAGE = _PACKAGE / "page"
_PHONE = _PACKAGE / "phone"

SCRIPTS = (
    "runtime/modules.js",
    "runtime/events.js",
    "runtime/models.js",
    "chats/wid.js",
    "messages/msgkey.js",
    "runtime/constants.js",
    "device/database.js",
    "device/store.js",
    "device/wire.js",
    "device/account.js",
    "session/watched_models.js",
    "session/appearance.js",
    "session/session.js",
    "session/linking.js",
    "session/limits.js",
    "session/ab_props.js",
    "session/availability.js",
    "session/updates.js",
    "chats/contacts.js",
    "chats/chats.js",
    "chats/lid_migration.js",
    "chats/chat_states.js",
    "chats/profile_pictures.js",
    "groups/metadata.js",
    "groups/groups.js",
    "messages/message_table.js",
    "messages/models.js",
    "messages/rows.js",
    "messages/messages.js",
    "messages/inbound.js",
    "messages/quotes.js",
    "messages/placeholders.js",
    "changes/orders.js",
    "changes/deleting.js",
    "changes/edits.js",
    "changes/reactions.js",
    "changes/votes.js",
    "media/opaque_data.js",
    "media/media_store.js",
    "media/media_objects.js",
    "media/downloads.js",
    "media/pictures.js",
    "media/preparing.js",
    "media/uploads.js",
    "media/media_sending.js",
    "messages/history.js",
    "messages/outbox.js",
    "messages/sending.js",
    "messages/resending.js",
    "compatibility/stubs.js",
    "compatibility/known_names.js",
    "simulation/drift.js",
    "simulation/faults.js",
    "simulation/ballast.js",
    "screen.js",
    "start.js",
)
"""The page's scripts in the order in which they run.

The first one defines the module system and the last one starts the page. Between them the order is the one in which
libraries that look for a module by its shape meet them.
"""

_UNSUPPORTED = """<!doctype html><html lang="es"><meta charset="utf-8"><title>WhatsApp Web</title>
<h1>Navegador no compatible</h1><p>Actualiza Google Chrome para usar este sitio.</p></html>"""


class Site:
    """Serves pages and scripts for a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of everything that isn't the control API or a socket."""
        return [
            web.get("/", self.page),
            web.get("/qr.svg", self.qr),
            web.get("/page/{version:" + BUILD.pattern + "}/{name:.+}", self.page_file),
            web.get("/phone", self.phone),
            web.get("/phone/{name}", self.phone_file),
            web.get("/favicon.ico", self.favicon),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """Serve the stand-in page, or turn away a browser that says it is headless, as the real site does."""
        if "HeadlessChrome" in request.headers.get("User-Agent", ""):
            return web.Response(text=_UNSUPPORTED, content_type="text/html")
        nonce = secrets.token_urlsafe(16)
        html = page_html(self._world.settings, nonce)
        policy = (
            f"default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; "
            "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'"
        )
        return web.Response(
            text=html,
            content_type="text/html",
            headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
        )

    async def qr(self, request: web.Request) -> web.Response:
        """Draw the text in `text` as a QR code."""
        text = request.query.get("text", "")
        if not text or len(text) > 1000:
            raise web.HTTPBadRequest(text="text: 1 to 1000 characters")
        drawing = io.BytesIO()
        segno.make(text, error="l", micro=False).save(drawing, kind="svg", scale=4, border=2, xmldecl=False)
        return web.Response(body=drawing.getvalue(), content_type="image/svg+xml")

    async def page_file(self, request: web.Request) -> web.StreamResponse:
        """Serve one of the page's own files: to every build the same, so that a saved page finds those it names."""
        return _file(_PAGE, request.match_info["name"])

    async def phone(self, request: web.Request) -> web.StreamResponse:
        """Serve the virtual phone."""
        return _file(_PHONE, "phone.html")

    async def phone_file(self, request: web.Request) -> web.StreamResponse:
        """Serve one of the virtual phone's own files."""
        return _file(_PHONE, request.match_info["name"])

    async def favicon(self, request: web.Request) -> web.Response:
        """There is none; say so without a 404 in every console."""
        return web.Response(status=204)


def page_html(settings: Settings, nonce: str) -> str:
    """Return the page's HTML: build, what it lacks and weight in the root element's data, scripts under the nonce.

    It is whole in itself: a copy that is saved is that build's page for as long as this site is there.
    """
    version = settings.web_version
    template = (_PAGE / "index.html").read_text("utf-8")
    scripts = "\n".join(f'<script nonce="{nonce}" src="/page/{version}/{name}"></script>' for name in SCRIPTS)
    return (
        template.replace("{{version}}", version)
        .replace("{{revision}}", version.rpartition(".")[2])
        .replace("{{missing}}", escape(json.dumps(settings.missing.get(version, []))))
        .replace("{{modules}}", str(settings.modules))
        .replace("{{heap_mb}}", str(settings.heap_mb))
        .replace("{{scripts}}", scripts)
    )


def _file(folder: Path, name: str) -> web.FileResponse:
    """Serve a file below a folder. name: its path there, with slashes. Raises HTTPNotFound if there is none."""
    if name not in {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}:
        raise web.HTTPNotFound(text="no such file")
    return web.FileResponse(folder / name, headers={"Cache-Control": "no-cache"})
