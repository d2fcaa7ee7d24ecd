"""The control API's part for groups."""

from __future__ import annotations

from aiohttp import web

from simulator.errors import BadRequest
from simulator.server.control_request import flag_of, read_body, text_of
from simulator.world.groups.group import parse_members
from simulator.world.world import World


class GroupControl:
    """The calls about groups."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get("/control/groups", self.list),
            web.post("/control/groups", self.add),
            web.get("/control/groups/{id}", self.show),
            web.put("/control/groups/{id}", self.change),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """List all groups."""
        return web.json_response([group.as_dict() for group in self._world.groups.groups.values()])

    async def show(self, request: web.Request) -> web.Response:
        """Show one group."""
        return web.json_response(self._world.groups.get(request.match_info["id"]).as_dict())

    async def add(self, request: web.Request) -> web.Response:
        """Make a group; the pages of its members learn of it."""
        body = await read_body(request)
        subject = text_of(body, "subject")
        if not subject or "members" not in body:
            raise BadRequest(f"{'members' if subject else 'subject'} is missing")
        changes = _changes(body)
        group = self._world.groups.add(text_of(body, "id"), subject)
        self._world.change_group(group, changes)
        return web.json_response(group.as_dict())

    async def change(self, request: web.Request) -> web.Response:
        """Change what is named of a group; its members, as they are from now on."""
        group = self._world.groups.get(request.match_info["id"])
        self._world.change_group(group, _changes(await read_body(request)))
        return web.json_response(group.as_dict())


def _changes(body: dict[str, object]) -> dict[str, object]:
    given: dict[str, object] = {name: text_of(body, name) for name in ("subject", "description")}
    given |= {name: flag_of(body, name) for name in ("lid", "announce", "restrict")}
    if "members" in body:
        given["members"] = parse_members(body["members"])
    return {name: value for name, value in given.items() if value is not None}
