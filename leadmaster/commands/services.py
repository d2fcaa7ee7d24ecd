"""One service each, for several machines. `up` starts these same commands.

Settings come first: what is wrong with them is told at once, and a process that begins anew (`parts.shed`) has loaded
nothing for it.
"""

from __future__ import annotations

from pathlib import Path

import click

from leadmaster import parts
from leadmaster.commands.settings import service_settings
from shared.settings import load_settings

_ready_file = click.option(
    "--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="Written once it listens."
)


@click.command()
@_ready_file
def hub(ready_file: Path | None) -> None:
    """Serve the REST API."""
    settings = service_settings("hub")
    from hub_api import server  # noqa: PLC0415

    server.run(settings, ready_file=ready_file)


@click.command()
def background() -> int:
    """Run the hub's background tasks: record events, housekeeping."""
    settings = service_settings("background")
    from hub_api.background import run  # noqa: PLC0415

    return run(settings)


@click.command()
def webhooks() -> int:
    """Deliver webhooks."""
    settings = service_settings("webhooks")
    from hub_api.subjects import for_command_line  # noqa: PLC0415

    status: int = for_command_line("webhooks")(settings)
    return status


@click.command()
def beat() -> int:
    """Run the clock that schedules background tasks. One per installation."""
    settings = service_settings("beat")
    from hub_api.beat import run  # noqa: PLC0415

    return run(settings)


@click.command()
def host() -> int:
    """Run this machine's session workers."""
    settings = service_settings("host")
    from session_worker.host.forker import run  # noqa: PLC0415

    return run(settings)


@click.command()
def flower() -> None:
    """Run Flower behind its password, on 127.0.0.1."""
    settings = service_settings("flower")
    from leadmaster.dashboard import run  # noqa: PLC0415

    run(settings)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="On 127.0.0.1; 0 takes a free one.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), required=True, help="Its directory.")
@_ready_file
def simulator(port: int, data: Path, ready_file: Path | None) -> None:
    """Serve the stand-in WhatsApp with its virtual phone."""
    import asyncio  # noqa: PLC0415

    parts.shed("simulator")
    from simulator.__main__ import serve  # noqa: PLC0415

    asyncio.run(serve(port, data, ready_file))


@click.command(hidden=True)
def redis() -> None:
    """Become the embedded server of the data directory."""
    from leadmaster.installation import embedded_server  # noqa: PLC0415
    from leadmaster.installation.data_dir import DataDir  # noqa: PLC0415

    parts.shed("redis")
    embedded_server.become(DataDir(load_settings().leadmaster_data_dir))


COMMANDS = (hub, background, webhooks, beat, host, flower, simulator, redis)
