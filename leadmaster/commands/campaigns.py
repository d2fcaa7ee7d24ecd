"""Campaigns: `campaign import`, a list from a file, with a progress bar."""

from __future__ import annotations

from pathlib import Path

import click

from leadmaster.commands.settings import command_settings

_MAX_SHOWN_ERRORS = 20


@click.group()
def campaign() -> None:
    """Campaigns."""


@campaign.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--cliente-id", type=click.IntRange(min=1), required=True, help="The tenant.")
@click.option("--campaign", "campaign_id", required=True, help="The campaign's id, as the hub gave it.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and store nothing.")
def import_recipients(file: Path, cliente_id: int, campaign_id: str, dry_run: bool) -> int:
    """Import the recipients of FILE, CSV or JSON; exit status 1 where rows were rejected."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    from hub_api.subjects import for_command_line  # noqa: PLC0415

    settings = command_settings()
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bars:
        bar = bars.add_task("Checking" if dry_run else "Importing", total=None)
        report = for_command_line("campaign import")(
            settings,
            file,
            cliente_id=cliente_id,
            campaign_id=campaign_id,
            dry_run=dry_run,
            progress=lambda done, total: bars.update(bar, completed=done, total=total),
        )
    for number, message in report.preview:
        click.echo(f"  {number}  {message}")
    if report.added is not None:
        click.echo(f"{report.added} added, {report.known} were there already")
    click.echo(f"{report.rows} rows, {report.good} good, {report.merged} merged, {report.rejected} rejected")
    for error in report.errors[:_MAX_SHOWN_ERRORS]:
        place = f"line {error.line}" + (f", column {error.column}" if error.column else "")
        click.echo(f"  {place}: {error.code}: {error.text}")
    if report.rejected > _MAX_SHOWN_ERRORS:
        click.echo(f"  … and {report.rejected - _MAX_SHOWN_ERRORS} more")
    return 1 if report.rejected else 0


COMMANDS = (campaign,)
