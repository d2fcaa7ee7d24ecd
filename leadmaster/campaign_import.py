"""`leadmaster campaign import`: a list from a file into a campaign, with a progress bar. Works beside a running hub."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from hub_api.campaigns import service as campaign
from hub_api.campaigns import tenant
from hub_api.campaigns.recipients import importing
from hub_api.campaigns.recipients.sheet import Sheet, SheetError, read_csv, read_rows
from hub_api.campaigns.recipients.template import required_by
from hub_api.database import Database, migrate
from shared.errors import NotFound, ValidationFailed
from shared.settings import Settings

_SHOWN = 20  # errors


@dataclass(frozen=True, slots=True)
class ImportWish:
    """What the command was asked for. dry_run: only says what would happen."""

    file: Path
    cliente_id: int
    campaign_id: str
    dry_run: bool


def run(settings: Settings, wish: ImportWish, console: Console) -> int:
    """Imports, and returns the exit status: 0, or 1 where rows were rejected. Raises LeadMasterError, OSError."""
    migrate(settings.sqlalchemy_url)
    database = Database(settings.sqlalchemy_url)
    try:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
        ) as bars:
            return _import(database, settings, wish, console, bars)
    finally:
        database.close()


def _import(database: Database, settings: Settings, wish: ImportWish, console: Console, bars: Progress) -> int:
    with database.reading() as session:
        row = campaign.find(session, wish.campaign_id)
        if row.cliente_id != wish.cliente_id:
            raise NotFound()
        country = tenant.rules(session, row.cliente_id, settings).country
        texts, columns = json.loads(row.templates), json.loads(row.columns)
    templates = campaign.checked_templates(texts, columns)
    checking = bars.add_task("Checking", total=None)
    sheet = _read(wish.file, country, tuple(required_by(templates)), bars, checking)
    if wish.dry_run:
        for shown in importing.preview(sheet, templates)["preview"]:
            bars.print(f"  {shown['number']}  {shown['message']}", markup=False, highlight=False)
    else:
        storing = bars.add_task("Storing", total=len(sheet.recipients))

        def stored(done: int, total: int) -> None:
            bars.update(storing, completed=done, total=total)

        outcome = importing.store(database, wish.campaign_id, sheet, "user:command-line", stored)
        bars.print(f"{outcome.added} added, {outcome.known} were there already")
    bars.print(f"{sheet.rows} rows, {len(sheet.recipients)} good, {sheet.merged} merged, {sheet.rejected} rejected")
    for error in sheet.errors[:_SHOWN]:
        place = f"line {error.line}" + (f", column {error.column}" if error.column else "")
        bars.print(f"  {place}: {error.code}: {error.text}", markup=False, highlight=False)
    if sheet.rejected > _SHOWN:
        bars.print(f"  … and {sheet.rejected - _SHOWN} more")
    return 1 if sheet.rejected else 0


def _read(file: Path, country: str, required: tuple[str, ...], bars: Progress, task: TaskID) -> Sheet:
    raw = file.read_bytes()

    def checked(done: int, total: int) -> None:
        bars.update(task, completed=done, total=total)

    try:
        if file.suffix.lower() == ".json":
            return read_rows(_rows(raw), country, required, checked)
        return read_csv(raw, country, required, checked)
    except SheetError as error:
        raise ValidationFailed(details={file.name: str(error)}) from None


def _rows(raw: bytes) -> list[Any]:
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise SheetError(f"not JSON: {error}") from None
    rows = found.get("recipients") if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise SheetError("a list of objects is expected, or an object with `recipients`")
    return rows
