"""Reads a list of recipients from a file and puts it into a campaign. Works beside a running hub."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_api.campaigns.lookup import find
from hub_api.campaigns.recipients import importing
from hub_api.campaigns.recipients.sheet import Sheet, SheetError, read_csv, read_rows
from hub_api.campaigns.recipients.template import checked_templates, required_by
from hub_api.campaigns.tenants.service import rules
from hub_api.database import Database, migrate
from shared.errors import NotFound, ValidationFailed
from shared.settings import Settings

Progress = Callable[[int, int], None]  # rows done, rows in all


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the file. added, known: None at a dry run; preview: empty otherwise."""

    sheet: Sheet
    preview: tuple[tuple[str, str], ...] = ()  # number and message of the first recipients
    added: int | None = None
    known: int | None = None  # were in the campaign already


def import_file(
    settings: Settings,
    file: Path,
    *,
    cliente_id: int,
    campaign_id: str,
    dry_run: bool,
    checked: Progress,
    stored: Progress,
) -> ImportReport:
    """Imports the good rows; dry_run: stores nothing. checked, stored: are told how far each has come.

    Raises ValidationFailed for a file that is no list, NotFound, InvalidState, OSError.
    """
    migrate(settings.sqlalchemy_url)
    with closing(Database(settings.sqlalchemy_url)) as database:
        with database.reading() as session:
            row = find(session, campaign_id)
            if row.cliente_id != cliente_id:
                raise NotFound()
            country = rules(session, row.cliente_id, settings).country
            texts, columns = json.loads(row.templates), json.loads(row.columns)
        templates = checked_templates(texts, columns)
        sheet = _read(file, country, tuple(required_by(templates)), checked)
        if dry_run:
            shown = importing.preview(sheet, templates)["preview"]
            return ImportReport(sheet, tuple((str(one["number"]), str(one["message"])) for one in shown))
        done = importing.store(database, campaign_id, sheet, "user:command-line", stored)
        return ImportReport(sheet, added=done.added, known=done.known)


def _read(file: Path, country: str, required: tuple[str, ...], checked: Progress) -> Sheet:
    raw = file.read_bytes()
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
