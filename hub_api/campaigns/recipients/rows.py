"""A campaign's recipients as callers see them: pages, one message's preview, and the whole result as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.campaigns.models import CampaignRecord, RecipientRecord
from hub_api.campaigns.recipients.message import rendered, stored_templates, values_of, variant_seed
from hub_api.campaigns.transitions import RecipientState
from hub_api.database import Database
from hub_api.messages.csv_page import csv_cell
from shared.errors import NotFound
from shared.instant import to_iso
from shared.texts import Language, error_text

_COLUMNS = ("number", "state", "error", "released_at", "sent_at", "delivered_at", "read_at", "message_id")
_AT_ONCE = 1_000


def page(session: Session, key: int, state: str | None, after: int, limit: int) -> list[RecipientRecord]:
    """Recipients in the list's order, after a position."""
    statement = select(RecipientRecord).where(RecipientRecord.campaign == key, RecipientRecord.position > after)
    if state is not None:
        statement = statement.where(RecipientRecord.state == int(RecipientState[state.upper()]))
    return list(session.scalars(statement.order_by(RecipientRecord.position).limit(limit)))


def to_object(row: RecipientRecord, language: Language) -> dict[str, Any]:
    """What callers see."""
    return {
        "recipient_id": row.id,
        "number": row.number,
        "state": RecipientState(row.state).wire,
        "error": row.error,
        "error_message": error_text(row.error, language) if row.error else None,
        "variables": json.loads(row.values),
        "message_id": row.message_id,
        "released_at": to_iso(row.released_at),
        "sent_at": to_iso(row.sent_at),
        "delivered_at": to_iso(row.delivered_at),
        "read_at": to_iso(row.read_at),
    }


def preview(session: Session, campaign: CampaignRecord, recipient_id: int) -> dict[str, Any]:
    """The very message a recipient gets. Raises NotFound."""
    row = session.get(RecipientRecord, recipient_id)
    if row is None or row.campaign != campaign.id:
        raise NotFound()
    return rendered(stored_templates(campaign), row.number, values_of(row), variant_seed(campaign.campaign_id, row.id))


def csv_rows(database: Database, key: int, columns: list[str], language: Language) -> Iterator[str]:
    """The whole result as CSV, page by page, so that a long one needs no memory."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_COLUMNS, "error_message", "nombre", *columns])
    after = 0
    while True:
        with database.reading() as session:
            rows = page(session, key, None, after, _AT_ONCE)
        for row in rows:
            item = to_object(row, language)
            values = [item["variables"].get(name) for name in ("nombre", *columns)]
            writer.writerow([csv_cell(value) for value in (*map(item.get, _COLUMNS), item["error_message"], *values)])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].position
