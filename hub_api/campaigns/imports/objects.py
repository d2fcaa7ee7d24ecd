"""What callers get of imports: how far one is, what it refused, what a preview says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, Field

from hub_api.campaigns.models import CampaignImport, CampaignRecord, RefusedRow
from hub_api.campaigns.recipients.message import rendered
from hub_api.campaigns.recipients.objects import RenderedMessage
from hub_api.campaigns.recipients.sheet import Sheet
from hub_api.campaigns.recipients.template import Template
from shared.instant import to_iso
from shared.texts import Language, error_text

PREVIEWED = 10

StatusName = Literal["uploading", "queued", "running", "done", "failed", "cancelled"]


class RefusedFields(BaseModel):
    """A row that was refused."""

    line: int
    column: str | None
    error: str
    message: str


class RefusedList(BaseModel):
    ok: Literal[True]
    items: list[RefusedFields]
    next: str | None


class SheetCounts(BaseModel):
    rows: int = Field(description="Looked at")
    good: int = Field(description="Recipients in them: added and known ones")
    merged: int = Field(description="Rows whose number had come before in the list")
    rejected: int = Field(description="Refused rows")
    columns: list[str]


class SheetPreview(SheetCounts):
    ok: Literal[True]
    errors: list[RefusedFields]
    preview: list[RenderedMessage]


class ImportFields(SheetCounts):
    import_id: str
    campaign_id: str
    cliente_id: int
    status: StatusName
    total: int = Field(description="Rows in all, as the list's lines tell; exact once it is done")
    added: int = Field(description="New recipients")
    known: int = Field(description="Rows whose number the campaign had already")
    error: str | None = Field(description="Why it failed")
    error_message: str | None
    created_at: str | None
    created_by: str
    started_at: str | None
    ended_at: str | None


class ImportObject(ImportFields):
    ok: Literal[True]


class ImportOutcome(ImportObject):
    errors: list[RefusedFields] = Field(description="The first refused rows, where it has ended")


class ImportList(BaseModel):
    ok: Literal[True]
    items: list[ImportFields]
    next: str | None


def import_fields(row: CampaignImport, campaign: CampaignRecord, language: Language) -> dict[str, Any]:
    """An import and how far it is."""
    return {
        "import_id": row.import_id,
        "campaign_id": campaign.campaign_id,
        "cliente_id": row.cliente_id,
        "status": row.status,
        "rows": row.rows,
        "total": max(row.total, row.rows),
        "good": row.added + row.known,
        "added": row.added,
        "known": row.known,
        "merged": row.merged,
        "rejected": row.rejected,
        "columns": json.loads(row.columns),
        "error": row.error,
        "error_message": error_text(row.error, language) if row.error else None,
        "created_at": to_iso(row.created_at),
        "created_by": row.created_by,
        "started_at": to_iso(row.started_at),
        "ended_at": to_iso(row.ended_at),
    }


def refused_fields(rows: Iterable[RefusedRow]) -> list[dict[str, Any]]:
    """Refused rows."""
    return [{"line": row.line, "column": row.column or None, "error": row.code, "message": row.text} for row in rows]


def preview_fields(sheet: Sheet, templates: tuple[Template, ...]) -> dict[str, Any]:
    """What an import would do, and what the first recipients would read."""
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
        "preview": [
            rendered(templates, one.number, one.values, f"preview/{one.number}") for one in sheet.recipients[:PREVIEWED]
        ],
    }
