"""What a page is told of builds: which one is served now, and whether its own is still good enough."""

from __future__ import annotations

from aiohttp import web

from simulator.world.world import World


class Builds:
    """The served build, as the real site tells of it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/sw.js", self.service_worker),
            web.get("/spin", self.spin),
            web.get("/check-update", self.check_update),
        ]

    async def service_worker(self, request: web.Request) -> web.Response:
        """Serve a service worker that does nothing but name the served build."""
        script = f'self.SiteData = {{"client_revision":{self._revision}}};\n'
        return web.Response(text=script, content_type="text/javascript", headers={"Cache-Control": "no-store"})

    async def spin(self, request: web.Request) -> web.Response:
        """Say to a page of some revision whether there is another build, and whether it has to reload."""
        other = request.query.get("revision", "") != self._revision
        hard = self._world.settings.update_hard
        answer = {"revision": int(self._revision), "soft": other and not hard, "hard": other and hard}
        return web.json_response(answer, headers={"Cache-Control": "no-store"})

    async def check_update(self, request: web.Request) -> web.Response:
        """The older way to ask, by version; no page asks so any more."""
        asked = request.query.get("version", "")
        below = asked != self._world.settings.web_version
        answer = {"currentVersion": self._world.settings.web_version, "isBelowSoft": below, "isBelowHard": False}
        return web.json_response(answer, headers={"Cache-Control": "no-store"})

    @property
    def _revision(self) -> str:
        return self._world.settings.web_version.rpartition(".")[2]
