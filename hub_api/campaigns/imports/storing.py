"""One batch of judged rows into a campaign, within the caller's transaction; the campaign is locked."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from hub_api.campaigns import counting
from hub_api.campaigns.models import CampaignImport, CampaignRecord, ImportPiece, RecipientRecord, RefusedRow
from hub_api.campaigns.recipients.judging import Judged, Recipient, Stored
from hub_api.campaigns.transitions import RecipientState
from hub_api.storable import storable

MAX_REFUSED = 10_000  # rows that are listed; further ones are only counted

# PostgreSQL answers each statement of a batch by itself, so there a batch is one statement.
_INSERT_ALL = text(
    'INSERT INTO campaign_recipients (campaign, position, number, recipient_key, "values", state, turn)'
    " SELECT :campaign, v.position, v.number, v.key, v.found, 0, 0 FROM unnest(CAST(:position AS int[]),"
    " CAST(:number AS text[]), CAST(:recipient_key AS text[]), CAST(:values AS text[]))"
    " AS v(position, number, key, found)"
)


def stored_among(session: Session, campaign: int, keys: Collection[str], first_position: int) -> dict[str, Stored]:
    """Which of these phones the campaign has. first_position: of the import that asks; what stands before is older."""
    columns = RecipientRecord.id, RecipientRecord.recipient_key, RecipientRecord.values, RecipientRecord.position
    mine = RecipientRecord.campaign == campaign, RecipientRecord.recipient_key.in_(set(keys))
    rows = session.execute(select(*columns).where(*mine))
    return {row.recipient_key: Stored(row.id, json.loads(row.values), row.position < first_position) for row in rows}


def store(session: Session, campaign: CampaignRecord, one: CampaignImport, judged: Judged, rows: int) -> None:
    """Adds new recipients, completes those that this import added before, keeps what was refused, moves the counts.

    rows: how many were judged.
    """
    _insert(session, campaign.id, campaign.next_position, judged.new)
    campaign.next_position += len(judged.new)
    counting.move(session, {(campaign.id, int(RecipientState.PENDING), ""): len(judged.new)})
    if judged.changed:
        changed = [{"id": key, "values": _json(stored.values)} for key, stored in sorted(judged.changed.items())]
        session.execute(update(RecipientRecord), changed)
    told = judged.errors[: max(0, MAX_REFUSED - one.rejected)]
    if told:
        refused = [
            {
                "of_import": one.id,
                "number": one.rejected + offset,
                "line": error.line,
                "column": storable(error.column, 60),
                "code": error.code,
                "text": storable(error.text, 200),
            }
            for offset, error in enumerate(told, 1)
        ]
        session.execute(insert(RefusedRow), refused)
    one.rows += rows
    one.added += len(judged.new)
    one.known += judged.known
    one.merged += judged.merged
    one.rejected += len(judged.errors)


def refused(session: Session, key: int, after: int, limit: int) -> Sequence[RefusedRow]:
    """The refused rows of an import, in the list's order."""
    mine = RefusedRow.of_import == key, RefusedRow.number > after
    return session.scalars(select(RefusedRow).where(*mine).order_by(RefusedRow.number).limit(limit)).all()


def piece(session: Session, key: int, number: int) -> bytes | None:
    """A part of an import's text; None behind the last one."""
    return session.scalar(select(ImportPiece.data).where(ImportPiece.of_import == key, ImportPiece.number == number))


def _json(values: dict[str, str]) -> str:
    return json.dumps(values, ensure_ascii=False)


def _insert(session: Session, key: int, position: int, new: Sequence[Recipient]) -> None:
    if not new:
        return
    rows: list[dict[str, Any]] = [
        {
            "campaign": key,
            "position": position + offset,
            "number": one.number,
            "recipient_key": one.key,
            "values": _json(one.values),
            "state": int(RecipientState.PENDING),
            "turn": 0,
        }
        for offset, one in enumerate(new)
    ]
    if session.connection().dialect.name == "postgresql":
        columns = {name: [row[name] for row in rows] for name in ("position", "number", "recipient_key", "values")}
        session.execute(_INSERT_ALL, {"campaign": key, **columns})
    else:
        session.connection().execute(insert(RecipientRecord), rows)
