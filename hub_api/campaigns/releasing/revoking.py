"""Revokes what stopped campaigns had released: closes messages that nobody has claimed."""

from __future__ import annotations

from sqlalchemy import select, update

from hub_api.campaigns.models import CampaignRecord
from hub_api.services import Services
from shared.instant import now_ms
from shared.logs import get_logger

_log = get_logger(__name__)


def revoke(services: Services, cliente_id: int, campaign_id: str) -> int:
    """Closes what one campaign has released and nobody has claimed; returns how many messages that was.

    A tenant has one campaign message in flight at most. The event of a closed one brings its recipient back.
    Raises redis.RedisError.
    """
    message = services.ledger.entries.campaign_in_flight(cliente_id)
    if message is None or message.campaign_id != campaign_id:
        return 0
    answer = services.ledger.review.cancel(cliente_id, message.message_id, now_ms(), "CAMPAIGN_STOPPED")
    return int(answer == "ended")


def revoke_marked(services: Services) -> None:
    """Does so for every campaign marked for it. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
    with services.database.reading() as session:
        marked = [
            (row.id, row.campaign_id, row.cliente_id)
            for row in session.scalars(select(CampaignRecord).where(CampaignRecord.to_revoke))
        ]
    if not marked:
        return
    closed = sum(revoke(services, cliente_id, campaign_id) for _, campaign_id, cliente_id in marked)
    with services.database.writing() as session:
        done = CampaignRecord.id.in_([key for key, _, _ in marked])
        session.execute(update(CampaignRecord).where(done).values(to_revoke=False))
    _log.info("campaigns.revoked", campaigns=len(marked), messages=closed)
