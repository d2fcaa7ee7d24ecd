"""Imports as kept: begun, looked up, cancelled. `running` does them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail as audit
from hub_api.campaigns.imports.source import Upload
from hub_api.campaigns.imports.status import OPEN, ImportStatus
from hub_api.campaigns.lookup import locked
from hub_api.campaigns.models import CampaignImport, ImportPiece
from hub_api.campaigns.recipients.entries import MAX_COLUMNS
from hub_api.campaigns.recipients.template import checked_columns, checked_templates
from hub_api.campaigns.transitions import EDITABLE
from hub_api.database import Database
from shared.errors import InvalidState, NotCancellable, NotFound, RateLimited, ValidationFailed
from shared.instant import now_ms
from shared.ledger.message import new_message_id

MAX_OPEN = 20  # imports of a tenant that have not ended
TAKEN_MS = 30_000  # after so long without a step somebody else goes on
_AT_ONCE = 8  # pieces that one transaction writes
_RETRY_S = 30


def begin(database: Database, campaign_id: str, upload: Upload, who: str, *, reserved: bool = False) -> str:
    """Keeps a list to be imported, and returns the import's id. Whoever is killed meanwhile leaves nothing to be done.

    reserved: the caller does it now, by `Imports.run`; others go on with it where nothing came of that for `TAKEN_MS`.
    Raises NotFound, InvalidState, ValidationFailed, RateLimited.
    """
    with database.writing() as session:
        campaign = locked(session, campaign_id)
        if campaign.state not in EDITABLE:
            raise InvalidState(details={"state": campaign.state})
        columns = checked_columns([*json.loads(campaign.columns), *upload.columns])
        if len(columns) > MAX_COLUMNS:
            raise ValidationFailed(details={"columns": f"more than {MAX_COLUMNS}"})
        checked_templates(json.loads(campaign.templates), columns)
        _require_room(session, campaign.cliente_id)
        campaign.columns = json.dumps(columns)
        row = CampaignImport(
            import_id=new_message_id(),
            campaign=campaign.id,
            cliente_id=campaign.cliente_id,
            status=ImportStatus.UPLOADING.value,
            kind=upload.kind,
            keys=None if upload.keys is None else json.dumps(upload.keys),
            columns=json.dumps(upload.columns),
            total=upload.total,
            created_at=now_ms(),
            created_by=who,
        )
        session.add(row)
        session.flush()
        key, import_id = row.id, row.import_id
        audit.note(session, who, "campaign.import", campaign.cliente_id, campaign_id, import_id=import_id)
    _keep(database, key, upload.pieces, TAKEN_MS if reserved else 0)
    return import_id


def find(session: Session, campaign: int, import_id: str) -> CampaignImport:
    """An import of a campaign, by the campaign's key. Raises NotFound."""
    found = CampaignImport.import_id == import_id, CampaignImport.campaign == campaign
    row = session.scalar(select(CampaignImport).where(*found))
    if row is None:
        raise NotFound()
    return row


def listed(session: Session, campaign: int, before: int | None, limit: int) -> list[CampaignImport]:
    """A campaign's imports, newest first, before a key."""
    statement = select(CampaignImport).where(CampaignImport.campaign == campaign)
    if before is not None:
        statement = statement.where(CampaignImport.id < before)
    return list(session.scalars(statement.order_by(CampaignImport.id.desc()).limit(limit)))


def cancel(database: Database, campaign_id: str, import_id: str, who: str) -> None:
    """Ends an import; what came in stays. Raises NotFound, NotCancellable where it has ended."""
    with database.writing() as session:
        campaign = locked(session, campaign_id)
        row = find(session, campaign.id, import_id)
        if row.status not in OPEN:
            raise NotCancellable(details={"status": row.status})
        end(session, row, ImportStatus.CANCELLED, None)
        audit.note(session, who, "campaign.import_cancel", row.cliente_id, campaign_id, import_id=import_id)


def end(session: Session, row: CampaignImport, status: ImportStatus, error: str | None) -> None:
    """Ends an import within the caller's transaction; its list is no longer needed. error: why it failed."""
    row.status, row.error, row.ended_at, row.taken_until = status.value, error, now_ms(), 0
    session.execute(delete(ImportPiece).where(ImportPiece.of_import == row.id))


def is_open(session: Session, campaign: int) -> bool:
    """Whether a list is still coming into a campaign."""
    mine = CampaignImport.campaign == campaign, CampaignImport.status.in_([status.value for status in OPEN])
    return session.scalar(select(CampaignImport.id).where(*mine).limit(1)) is not None


def _keep(database: Database, key: int, pieces: Iterator[bytes], reserved_ms: int) -> None:
    number = 0
    while some := list(islice(pieces, _AT_ONCE)):
        with database.writing() as session:
            session.add_all(ImportPiece(of_import=key, number=number + n, data=data) for n, data in enumerate(some))
        number += len(some)
    with database.writing() as session:
        row = session.get(CampaignImport, key, with_for_update=True)
        if row is not None and row.status == ImportStatus.UPLOADING.value:
            row.status = ImportStatus.QUEUED.value
            row.taken_until = now_ms() + reserved_ms if reserved_ms else 0


def _require_room(session: Session, cliente_id: int) -> None:
    mine = CampaignImport.cliente_id == cliente_id, CampaignImport.status.in_([status.value for status in OPEN])
    if (session.scalar(select(func.count()).where(*mine)) or 0) >= MAX_OPEN:
        raise RateLimited(details={"imports": f"{MAX_OPEN} have not ended"}, retry_after_s=_RETRY_S)
