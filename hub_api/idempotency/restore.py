"""Puts the idempotency keys on record back into an emptied or older Redis."""

from __future__ import annotations

from collections.abc import Sequence

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
    with services.database.reading() as session:
        statement = select(IdempotencyKey).where(IdempotencyKey.at > restoration.now_ms - IDEMPOTENCY_MS)
        rows = list(session.scalars(statement))
    put_back(services, rows, restoration.now_ms)
    _log.info("idempotency_keys.restored", keys=len(rows))


def put_back(services: Services, rows: Sequence[IdempotencyKey], now_ms: int) -> None:
    """A key that stands in Redis already stays. Raises redis.RedisError."""
    for start in range(0, len(rows), _AT_ONCE):
        pipeline = services.client.pipeline(transaction=False)
        for row in rows[start : start + _AT_ONCE]:
            name = services.keys.idempotency(row.cliente_id, row.key_digest)
            left_ms = max(1, row.at + IDEMPOTENCY_MS - now_ms)
            pipeline.set(name, f"{row.body_digest}:{row.message_id}", px=left_ms, nx=True)
        pipeline.execute()
