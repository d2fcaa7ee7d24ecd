"""Puts a list's recipients into a campaign, in chunks, so that neither store is held up by a long list."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from hub_api.campaigns import audit, counting
from hub_api.campaigns.lookup import locked
from hub_api.campaigns.models import CampaignRecord, RecipientRecord
from hub_api.campaigns.recipients.message import rendered
from hub_api.campaigns.recipients.sheet import MAX_COLUMNS, Recipient, Sheet
from hub_api.campaigns.recipients.template import Template, checked_columns, checked_templates
from hub_api.campaigns.transitions import EDITABLE, RecipientState
from hub_api.database import Database
from shared.errors import InvalidState, ValidationFailed
from shared.recipient_key import recipient_key

CHUNK = 2_000
_INSERT_EACH = sqlite.insert(RecipientRecord).on_conflict_do_nothing(index_elements=["campaign", "recipient_key"])
# PostgreSQL answers each statement of a batch by itself, so there a chunk is one statement.
_INSERT_ALL = text(
    'INSERT INTO campaign_recipients (campaign, position, number, recipient_key, "values", state, turn)'
    " SELECT :campaign, v.position, v.number, v.key, v.found, 0, 0 FROM unnest(CAST(:position AS int[]),"
    " CAST(:number AS text[]), CAST(:recipient_key AS text[]), CAST(:values AS text[]))"
    " AS v(position, number, key, found) ON CONFLICT (campaign, recipient_key) DO NOTHING"
)
PREVIEWED = 10

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """added: new recipients. known: phones that the campaign had already."""

    added: int
    known: int


def store(database: Database, campaign_id: str, sheet: Sheet, who: str, progress: Progress | None = None) -> Imported:
    """Adds what is not there yet, in the list's order; doing it again adds nothing. Raises InvalidState, NotFound."""
    total, added = len(sheet.recipients), 0
    with database.writing() as session:
        row = locked(session, campaign_id)
        if row.state not in EDITABLE:
            raise InvalidState(details={"state": row.state})
        columns = checked_columns([*json.loads(row.columns), *sheet.columns])
        if len(columns) > MAX_COLUMNS:
            raise ValidationFailed(details={"columns": f"more than {MAX_COLUMNS}"})
        checked_templates(json.loads(row.templates), columns)
        row.columns, row.import_done, row.import_total = json.dumps(columns), 0, total
        key, position = row.id, row.next_position
        row.next_position += total
        audit.note(session, who, "campaign.import", row.cliente_id, campaign_id, rows=sheet.rows, good=total)
    for begin in range(0, total, CHUNK):
        chunk = sheet.recipients[begin : begin + CHUNK]
        with database.writing() as session:
            new = _insert(session, key, position + begin, chunk)
            counting.move(session, {(key, int(RecipientState.PENDING), ""): new})
            added += new
            done = begin + len(chunk)
            session.query(CampaignRecord).filter(CampaignRecord.id == key).update({"import_done": done})
        if progress is not None:
            progress(done, total)
    return Imported(added, total - added)


def preview(sheet: Sheet, templates: tuple[Template, ...]) -> dict[str, Any]:
    """What an import would do and what the first recipients would read; nothing is stored."""
    return {
        **summary(sheet),
        "preview": [
            rendered(templates, one.number, one.values, f"preview/{one.number}") for one in sheet.recipients[:PREVIEWED]
        ],
    }


def summary(sheet: Sheet) -> dict[str, Any]:
    """Counts, columns and errors of a list."""
    return {
        "rows": sheet.rows,
        "good": len(sheet.recipients),
        "merged": sheet.merged,
        "rejected": sheet.rejected,
        "columns": list(sheet.columns),
        "errors": [
            {"line": error.line, "column": error.column or None, "error": error.code, "message": error.text}
            for error in sheet.errors
        ],
    }


def _insert(session: Session, key: int, position: int, chunk: list[Recipient]) -> int:
    rows = [
        {
            "campaign": key,
            "position": position + offset,
            "number": one.number,
            "recipient_key": recipient_key(one.number),
            "values": json.dumps(one.values, ensure_ascii=False),
            "state": int(RecipientState.PENDING),
            "turn": 0,
        }
        for offset, one in enumerate(chunk)
    ]
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        columns = {name: [row[name] for row in rows] for name in ("position", "number", "recipient_key", "values")}
        return connection.execute(_INSERT_ALL, {"campaign": key, **columns}).rowcount
    return connection.execute(_INSERT_EACH, rows).rowcount
