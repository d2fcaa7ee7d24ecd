"""Finds the message of a key on record."""

from __future__ import annotations

from hub_api.database import Database
from hub_api.idempotency.models import IdempotencyKey
from shared.errors import IdempotencyConflict
from shared.ledger.message import Draft, key_digest
from shared.ledger.script import IDEMPOTENCY_MS


def first_message(database: Database, draft: Draft) -> str | None:
    """The id of the message that was accepted by a draft's key within 24 h.

    Raises IdempotencyConflict where that one had another body; sqlalchemy.exc.SQLAlchemyError.
    """
    with database.reading() as session:
        row = session.get(IdempotencyKey, (draft.cliente_id, key_digest(draft.idempotency_key or "")))
        if row is None or row.at <= draft.accepted_at_ms - IDEMPOTENCY_MS:
            return None
        require_same_body(row.body_digest, draft)
        return row.message_id


def require_same_body(body_digest: str, draft: Draft) -> None:
    """Raises IdempotencyConflict where another body was accepted by the draft's key."""
    if body_digest != draft.body_digest:
        raise IdempotencyConflict(details={"field": "idempotency_key"})
