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
        checking = bars.add_task("Checking", total=None)
        storing = bars.add_task("Storing", total=None, visible=not dry_run)
        report = for_command_line("campaign import")(
            settings,
            file,
            cliente_id=cliente_id,
            campaign_id=campaign_id,
            dry_run=dry_run,
            checked=lambda done, total: bars.update(checking, completed=done, total=total),
            stored=lambda done, total: bars.update(storing, completed=done, total=total),
        )
    for number, message in report.preview:
        click.echo(f"  {number}  {message}")
    if report.added is not None:
        click.echo(f"{report.added} added, {report.known} were there already")
    sheet = report.sheet
    click.echo(f"{sheet.rows} rows, {len(sheet.recipients)} good, {sheet.merged} merged, {sheet.rejected} rejected")
    for error in sheet.errors[:_MAX_SHOWN_ERRORS]:
        place = f"line {error.line}" + (f", column {error.column}" if error.column else "")
        click.echo(f"  {place}: {error.code}: {error.text}")
    if sheet.rejected > _MAX_SHOWN_ERRORS:
        click.echo(f"  … and {sheet.rejected - _MAX_SHOWN_ERRORS} more")
    return 1 if sheet.rejected else 0


COMMANDS = (campaign,)
