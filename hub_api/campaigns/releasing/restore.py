"""Puts opt-outs, quotas and pace back into a Redis that came up empty, before any session may be claimed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis
from sqlalchemy import func, select, update

from hub_api.campaigns.models import CampaignRecord, OptOut, RecipientRecord
from hub_api.campaigns.releasing.message_id import message_id
from hub_api.campaigns.transitions import UNSETTLED, RecipientState
from hub_api.database import Database
from hub_api.messages.models import MessageRecord
from shared.logs import get_logger
from shared.names import Keys
from shared.transitions.message import Lane

_log = get_logger(__name__)

_CHUNK = 1_000
_DAYS_KEPT_S = 259_200
_RECENT_MS = 2 * 86_400_000


def restore(database: Database, client: redis.Redis, keys: Keys, now_ms: int, longest_delay_ms: int) -> None:
    """Whatever was released and is unknown to this Redis is for a person to look at: it may have gone out.

    longest_delay_ms: the pace begins anew after the longest wait. Raises redis.RedisError, SQLAlchemyError.
    """
    numbers = 0
    for rows in _chunks(database, select(OptOut.cliente_id, OptOut.number)):
        pipeline = client.pipeline(transaction=False)
        for cliente_id, number in rows:
            pipeline.sadd(keys.opted_out(cliente_id), number)
        pipeline.execute()
        numbers += len(rows)
    _restore_quotas(database, client, keys, now_ms)
    _restore_pace(database, client, keys, now_ms, longest_delay_ms)
    lost = _settle_lost(database, client, keys)
    _log.info("campaigns_restored", optouts=numbers, uncertain=lost)


def _restore_quotas(database: Database, client: redis.Redis, keys: Keys, now_ms: int) -> None:
    statement = (
        select(CampaignRecord.cliente_id, RecipientRecord.released_day, func.count())
        .join(CampaignRecord, CampaignRecord.id == RecipientRecord.campaign)
        .where(RecipientRecord.released_at > now_ms - _RECENT_MS, RecipientRecord.released_day.is_not(None))
        .group_by(CampaignRecord.cliente_id, RecipientRecord.released_day)
    )
    for rows in _chunks(database, statement):
        pipeline = client.pipeline(transaction=False)
        for cliente_id, day, count in rows:
            pipeline.set(keys.campaign_quota(cliente_id, day), count, ex=_DAYS_KEPT_S, nx=True)
        pipeline.execute()


def _restore_pace(database: Database, client: redis.Redis, keys: Keys, now_ms: int, delay_ms: int) -> None:
    statement = (
        select(MessageRecord.cliente_id, func.max(MessageRecord.sent_at))
        .where(MessageRecord.sent_at > now_ms - delay_ms, MessageRecord.lane != int(Lane.SINGLE))
        .group_by(MessageRecord.cliente_id)
    )
    for rows in _chunks(database, statement):
        pipeline = client.pipeline(transaction=False)
        for cliente_id, sent_at in rows:
            pipeline.hsetnx(keys.pace(cliente_id), "next_bulk", sent_at + delay_ms)
        pipeline.execute()


def _settle_lost(database: Database, client: redis.Redis, keys: Keys) -> int:
    lost = 0
    released = select(RecipientRecord.id, RecipientRecord.message_id).where(
        RecipientRecord.state == int(RecipientState.RELEASED)
    )
    # Released, and its event was not recorded any more.
    unrecorded = select(RecipientRecord.id, CampaignRecord.campaign_id, RecipientRecord.turn).join(
        CampaignRecord,
        (CampaignRecord.released_recipient == RecipientRecord.id)
        & (CampaignRecord.released_turn == RecipientRecord.turn),
    )
    pending = RecipientRecord.state == int(RecipientState.PENDING)
    found = [(row.id, row.message_id) for rows in _chunks(database, released) for row in rows]
    found += [
        (row.id, message_id(row.campaign_id, row.id, row.turn))
        for rows in _chunks(database, unrecorded.where(pending))
        for row in rows
    ]
    for begin in range(0, len(found), _CHUNK):
        chunk = found[begin : begin + _CHUNK]
        pipeline = client.pipeline(transaction=False)
        for _, known_as in chunk:
            pipeline.exists(keys.message(known_as or ""))
        gone = [key for (key, _), known in zip(chunk, pipeline.execute(), strict=True) if not known]
        with database.writing() as session:
            session.execute(
                update(RecipientRecord)
                .where(RecipientRecord.id.in_(gone), RecipientRecord.state.in_(UNSETTLED))
                .values(state=int(RecipientState.UNCERTAIN), error="OUTCOME_UNKNOWN")
            )
        lost += len(gone)
    return lost


def _chunks(database: Database, statement: Any) -> Iterator[list[Any]]:
    """All rows first: nothing is read while something else writes."""
    with database.reading() as session:
        rows = list(session.execute(statement))
    for begin in range(0, len(rows), _CHUNK):
        yield rows[begin : begin + _CHUNK]
