"""An operator's commands for one machine: `up`, `demo`, `doctor`, `migrate`."""

from __future__ import annotations

from pathlib import Path

import click

from leadmaster.commands.settings import command_settings, warn_of_ignored
from shared.settings import load_settings

_verbose = click.option("--verbose", "-v", is_flag=True, help="Show all that the services log, not warnings alone.")


@click.command()
@_verbose
def up(verbose: bool) -> int:
    """Run everything on this machine until Ctrl-C."""
    from leadmaster.screen import Screen  # noqa: PLC0415
    from leadmaster.up.run import run  # noqa: PLC0415

    settings = command_settings()
    screen = Screen()
    screen.title("LeadMaster is starting …")
    return run(settings, screen, verbose=verbose)


@click.command()
@click.option("--exit", "exit_after", is_flag=True, help="Stop after the last step: 0, or 1 if a step failed.")
@_verbose
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-data"),
    show_default=True,
    help="The demo's own data; emptied at each start.",
)
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write a picture (SVG) of what the demo showed.",
)
def demo(exit_after: bool, verbose: bool, data_dir: Path, record: Path | None) -> int:
    """Everything against a stand-in WhatsApp: plays a scenario once and shows it."""
    from leadmaster.demo.run import run  # noqa: PLC0415

    warn_of_ignored()
    return run(data_dir, exit_after=exit_after, verbose=verbose, record=record)


@click.command()
def doctor() -> int:
    """Check this machine and say what to do."""
    from leadmaster.doctor import run  # noqa: PLC0415
    from leadmaster.screen import Screen  # noqa: PLC0415

    warn_of_ignored()
    return run(Screen())


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from hub_api.database import migrate as bring  # noqa: PLC0415

    bring(load_settings().sqlalchemy_url)


COMMANDS = (up, demo, doctor, migrate)
