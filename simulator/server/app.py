"""The simulator as one aiohttp application."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from simulator.server.arrivals import ArrivalControl
from simulator.server.builds import Builds
from simulator.server.control import Control, errors_as_json
from simulator.server.gateway import Gateway
from simulator.server.groups import GroupControl
from simulator.server.media import MediaServer
from simulator.server.site import Site
from simulator.world.content.media import MAX_BYTES
from simulator.world.world import World


def create_app(directory: Path) -> web.Application:
    """Return the application, its state kept in `directory`."""
    world = World(directory)
    app = web.Application(middlewares=[errors_as_json], client_max_size=MAX_BYTES)
    app.add_routes(Control(world).routes())
    app.add_routes(ArrivalControl(world).routes())
    app.add_routes(GroupControl(world).routes())
    app.add_routes(MediaServer(world).routes())
    app.add_routes(Builds(world).routes())
    app.add_routes(Site(world).routes())
    app.add_routes([web.get("/ws", Gateway(world).serve)])

    async def start(_: web.Application) -> None:
        world.start()

    async def disconnect(_: web.Application) -> None:
        world.feed.publish({"type": "end"})
        for connection in list(world.devices.online.values()):
            connection.drop()

    async def stop(_: web.Application) -> None:
        await world.stop()

    app.on_startup.append(start)
    app.on_shutdown.append(disconnect)
    app.on_cleanup.append(stop)
    return app
