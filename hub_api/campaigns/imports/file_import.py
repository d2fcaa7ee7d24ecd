"""Brings a list of recipients from a file into a campaign. Works beside a running hub, and without one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_api.campaigns.imports import service, storing
from hub_api.campaigns.imports.objects import preview_fields
from hub_api.campaigns.imports.running import Imports
from hub_api.campaigns.imports.source import PIECE, Upload, csv_upload, objects_upload
from hub_api.campaigns.imports.status import OPEN
from hub_api.campaigns.lookup import find
from hub_api.campaigns.models import CampaignImport
from hub_api.campaigns.recipients.entries import RowError, SheetError
from hub_api.campaigns.recipients.sheet import MAX_TOLD, Sheet, read_csv, read_rows
from hub_api.campaigns.recipients.template import checked_templates, required_by
from hub_api.campaigns.tenants.service import rules
from hub_api.database import Database, migrate
from shared.errors import NotFound, ValidationFailed
from shared.settings import Settings
from shared.texts import error_text

Progress = Callable[[int, int], None]  # rows done, rows in all
_LOOK_EACH_S = 0.2


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the file. added, known: None at a dry run; preview: empty otherwise. errors: the first ones."""

    rows: int
    good: int
    merged: int
    rejected: int
    errors: tuple[RowError, ...]
    preview: tuple[tuple[str, str], ...] = ()  # number and message of the first recipients
    added: int | None = None
    known: int | None = None  # were in the campaign already


def import_file(
    settings: Settings, file: Path, *, cliente_id: int, campaign_id: str, dry_run: bool, progress: Progress
) -> ImportReport:
    """Imports the good rows; dry_run: stores nothing. progress: is told how far it is.

    It is the job of an import like any other, begun and done here; where this is ended, a background worker goes on.
    Raises ValidationFailed for a file that is no list, NotFound, InvalidState, RateLimited, OSError.
    """
    migrate(settings.sqlalchemy_url)
    with closing(Database(settings.sqlalchemy_url)) as database:
        with database.reading() as session:
            row = find(session, campaign_id)
            if row.cliente_id != cliente_id:
                raise NotFound()
            key, country = row.id, rules(session, row.cliente_id, settings).country
            texts, columns = json.loads(row.templates), json.loads(row.columns)
        templates = checked_templates(texts, columns)
        if dry_run:
            sheet = _sheet(file, country, tuple(required_by(templates)))
            shown = preview_fields(sheet, templates)["preview"]
            return _of_sheet(sheet, tuple((str(one["number"]), str(one["message"])) for one in shown))
        import_id = service.begin(database, campaign_id, _upload(file), "user:command-line", reserved=True)
        _finish(Imports(database, settings), database, key, import_id, progress)
        return _report(database, key, import_id, settings)


def _finish(imports: Imports, database: Database, key: int, import_id: str, progress: Progress) -> None:
    """Does the campaign's imports in their order; where somebody else is at one, waits."""
    while True:
        with database.reading() as session:
            row = service.find(session, key, import_id)
            if row.status not in OPEN:
                return
            progress(row.rows, max(row.rows, row.total))
        if not imports.run(key, import_id, progress):
            time.sleep(_LOOK_EACH_S)


def _report(database: Database, key: int, import_id: str, settings: Settings) -> ImportReport:
    with database.reading() as session:
        row: CampaignImport = service.find(session, key, import_id)
        if row.error is not None:
            raise ValidationFailed(details={"import": error_text(row.error, settings.language)})
        refused = storing.refused(session, row.id, 0, MAX_TOLD)
        errors = tuple(RowError(one.line, one.column, one.code, one.text) for one in refused)
        good = row.added + row.known
        return ImportReport(row.rows, good, row.merged, row.rejected, errors, added=row.added, known=row.known)


def _of_sheet(sheet: Sheet, preview: tuple[tuple[str, str], ...]) -> ImportReport:
    good = len(sheet.recipients)
    return ImportReport(sheet.rows, good, sheet.merged, sheet.rejected, tuple(sheet.errors), preview)


def _upload(file: Path) -> Upload:
    try:
        return objects_upload(_objects(file)) if _is_json(file) else csv_upload(lambda: _blocks(file))
    except SheetError as error:
        raise ValidationFailed(details={file.name: str(error)}) from None


def _sheet(file: Path, country: str, required: tuple[str, ...]) -> Sheet:
    try:
        if _is_json(file):
            return read_rows(_objects(file), country, required)
        return read_csv(file.read_bytes(), country, required)
    except SheetError as error:
        raise ValidationFailed(details={file.name: str(error)}) from None


def _is_json(file: Path) -> bool:
    return file.suffix.lower() == ".json"


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while block := opened.read(PIECE):
            yield block


def _objects(file: Path) -> list[Any]:
    try:
        found = json.loads(file.read_bytes())
    except ValueError as error:
        raise SheetError(f"not JSON: {error}") from None
    rows = found.get("recipients") if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise SheetError("a list of objects is expected, or an object with `recipients`")
    return rows
