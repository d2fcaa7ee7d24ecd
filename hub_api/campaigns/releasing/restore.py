"""Puts opt-outs, quotas and pace back into an emptied or older Redis, before any session may be claimed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from hub_api.campaigns.models import CampaignRecord, RecipientRecord
from hub_api.campaigns.optouts.mirror import mirror
from hub_api.campaigns.recipients.message import message_id
from hub_api.campaigns.state_changes import move_recipients
from hub_api.campaigns.transitions import RecipientAction, RecipientState
from hub_api.database import Database
from hub_api.messages.models import MessageRecord
from hub_api.registry import Restoration
from hub_api.services import Services
from shared.ledger.campaigns import CampaignLedger
from shared.logs import get_logger
from shared.transitions.message import Lane

_log = get_logger(__name__)

_CHUNK = 1_000
_RECENT_MS = 2 * 86_400_000


def restore(services: Services, restoration: Restoration) -> None:
    """Whatever was released and is unknown to this Redis is for a person to look at: it may have gone out.

    The pace begins anew, after the longest wait. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    database, ledger, now_ms = services.database, services.ledger.campaigns, restoration.now_ms
    numbers = mirror(services)
    _restore_quotas(database, ledger, now_ms)
    _restore_pace(database, ledger, now_ms, round(services.settings.send_delay_max_seconds * 1000))
    lost = _doubt_lost(database, ledger)
    _log.info("campaigns.restored", optouts=numbers, uncertain=lost)


def _restore_quotas(database: Database, ledger: CampaignLedger, now_ms: int) -> None:
    statement = (
        select(CampaignRecord.cliente_id, RecipientRecord.released_day, func.count())
        .join(CampaignRecord, CampaignRecord.id == RecipientRecord.campaign)
        .where(RecipientRecord.released_at > now_ms - _RECENT_MS, RecipientRecord.released_day.is_not(None))
        .group_by(CampaignRecord.cliente_id, RecipientRecord.released_day)
    )
    for rows in _chunks(database, statement):
        ledger.restore_quotas((cliente_id, day, count) for cliente_id, day, count in rows)


def _restore_pace(database: Database, ledger: CampaignLedger, now_ms: int, delay_ms: int) -> None:
    statement = (
        select(MessageRecord.cliente_id, func.max(MessageRecord.sent_at))
        .where(MessageRecord.sent_at > now_ms - delay_ms, MessageRecord.lane != int(Lane.SINGLE))
        .group_by(MessageRecord.cliente_id)
    )
    for rows in _chunks(database, statement):
        # None was sent later than now, whatever it says: a clock was put back since.
        ledger.restore_pace(((cliente_id, min(sent_at, now_ms) + delay_ms) for cliente_id, sent_at in rows), delay_ms)


def _doubt_lost(database: Database, ledger: CampaignLedger) -> int:
    lost = 0
    for chunk in _batches(_released(database)):
        known = ledger.known_among([one for _, one in chunk])
        gone = [key for key, one in chunk if one not in known]
        with database.writing() as session:
            move_recipients(session, RecipientAction.LOSE, RecipientRecord.id.in_(gone), error="OUTCOME_UNKNOWN")
        lost += len(gone)
    return lost


def _released(database: Database) -> list[tuple[int, str]]:
    """Recipients whose message may be on its way, with the message's id; also where no event told of it yet."""
    recorded = select(RecipientRecord.id, RecipientRecord.message_id).where(
        RecipientRecord.state == int(RecipientState.RELEASED)
    )
    unrecorded = (
        select(RecipientRecord.id, CampaignRecord.campaign_id, RecipientRecord.turn)
        .join(
            CampaignRecord,
            (CampaignRecord.released_recipient == RecipientRecord.id)
            & (CampaignRecord.released_turn == RecipientRecord.turn),
        )
        .where(RecipientRecord.state == int(RecipientState.PENDING))
    )
    with database.reading() as session:
        found = [(row.id, row.message_id or "") for row in session.execute(recorded)]
        found += [(row.id, message_id(row.campaign_id, row.id, row.turn)) for row in session.execute(unrecorded)]
    return found


def _chunks(database: Database, statement: Any) -> Iterator[list[Any]]:
    """All rows first: nothing is read while something else writes."""
    with database.reading() as session:
        rows = list(session.execute(statement))
    return _batches(rows)


def _batches(rows: list[Any]) -> Iterator[list[Any]]:
    for begin in range(0, len(rows), _CHUNK):
        yield rows[begin : begin + _CHUNK]
