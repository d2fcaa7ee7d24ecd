"""An operator's commands for one machine: `up`, `demo`, `doctor`, `migrate`."""

from __future__ import annotations

from pathlib import Path

import click

from leadmaster import parts
from leadmaster.commands.settings import command_settings, warn_of_ignored
from shared.settings import load_settings

_verbose = click.option("--verbose", "-v", is_flag=True, help="Show all that the services log, not warnings alone.")


@click.command()
@_verbose
def up(verbose: bool) -> int:
    """Run everything on this machine until Ctrl-C."""
    settings = command_settings()  # first: what is wrong with them is told at once
    from leadmaster.sandbox import warn_of_sandbox  # noqa: PLC0415
    from leadmaster.screen import Screen  # noqa: PLC0415
    from leadmaster.up.run import run  # noqa: PLC0415

    screen = Screen()
    screen.title("LeadMaster is starting …")
    warn_of_sandbox(settings, screen)
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
@click.option(
    "--live",
    "cliente_id",
    type=click.IntRange(min=1),
    help="Go through the checklist of docs/real-site.md with this tenant's phone; a hub must be running.",
)
@click.option("--to", help="With --live: the number of a second phone, which somebody can look at.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="With --live: the report's file. Default: live-report-….md here.",
)
def doctor(cliente_id: int | None, to: str | None, report: Path | None) -> int:
    """Check this machine and say what to do."""
    if cliente_id is None:
        from leadmaster.doctor import run  # noqa: PLC0415
        from leadmaster.screen import Screen  # noqa: PLC0415

        warn_of_ignored()
        return run(Screen())
    from leadmaster.live.run import run as run_live  # noqa: PLC0415

    return run_live(command_settings(), cliente_id, to, report)


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    parts.shed("migrate")
    from hub_api.database import migrate as bring  # noqa: PLC0415

    bring(load_settings().sqlalchemy_url)


COMMANDS = (up, demo, doctor, migrate)
