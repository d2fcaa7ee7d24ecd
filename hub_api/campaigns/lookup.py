"""Campaigns by their ids, and a tenant's in order."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hub_api.campaigns.models import CampaignRecord
from hub_api.database import Database
from shared.errors import NotFound


def find(session: Session, campaign_id: str) -> CampaignRecord:
    """Raises NotFound."""
    return _one(session, _by_id(campaign_id))


def locked(session: Session, campaign_id: str) -> CampaignRecord:
    """The same, locked until the transaction ends. Raises NotFound."""
    return _one(session, _by_id(campaign_id).with_for_update())


def listed(
    database: Database, cliente_id: int, state: str | None, before: int | None, limit: int
) -> list[CampaignRecord]:
    """A tenant's campaigns, newest first, before a key."""
    statement = select(CampaignRecord).where(CampaignRecord.cliente_id == cliente_id)
    if state is not None:
        statement = statement.where(CampaignRecord.state == state)
    if before is not None:
        statement = statement.where(CampaignRecord.id < before)
    with database.reading() as session:
        return list(session.scalars(statement.order_by(CampaignRecord.id.desc()).limit(limit)))


def _by_id(campaign_id: str) -> Select[CampaignRecord]:
    return select(CampaignRecord).where(CampaignRecord.campaign_id == campaign_id)


def _one(session: Session, statement: Select[CampaignRecord]) -> CampaignRecord:
    row = session.scalar(statement)
    if row is None:
        raise NotFound()
    return row
