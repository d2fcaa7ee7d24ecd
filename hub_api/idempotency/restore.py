"""Puts the idempotency keys on record back into an emptied or older Redis."""

from __future__ import annotations

from sqlalchemy import select

from hub_api.idempotency.models import IdempotencyKey
from hub_api.registry import Restoration
from hub_api.services import Services
from shared.ledger.script import IDEMPOTENCY_MS
from shared.logs import get_logger

_log = get_logger(__name__)

_AT_ONCE = 1_000


def restore(services: Services, restoration: Restoration) -> None:
    """A key that stands in Redis already is newer and stays. Raises redis.RedisError, SQLAlchemyError."""
    now_ms = restoration.now_ms
    with services.database.reading() as session:
        statement = select(IdempotencyKey).where(IdempotencyKey.at > now_ms - IDEMPOTENCY_MS)
        rows = [
            (row.cliente_id, row.key_digest, row.at, f"{row.body_digest}:{row.message_id}")
            for row in session.scalars(statement)
        ]
    for start in range(0, len(rows), _AT_ONCE):
        pipeline = services.client.pipeline(transaction=False)
        for cliente_id, digest, at, value in rows[start : start + _AT_ONCE]:
            name = services.keys.idempotency(cliente_id, digest)
            pipeline.set(name, value, px=max(1, at + IDEMPOTENCY_MS - now_ms), nx=True)
        pipeline.execute()
    _log.info("idempotency_keys.restored", keys=len(rows))
