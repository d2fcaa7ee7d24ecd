"""Puts the addresses of recipients back into a Redis that came up empty."""

from __future__ import annotations

from sqlalchemy import select

from hub_api.recipients.models import RecipientAddress
from hub_api.registry import Restoration
from hub_api.services import Services

_CHUNK = 1_000


def restore(services: Services, restoration: Restoration) -> None:
    """All of them. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
    row = RecipientAddress
    with services.database.reading() as session:
        found = list(session.execute(select(row.cliente_id, row.address, row.number)))
    for begin in range(0, len(found), _CHUNK):
        services.ledger.addresses.learn(
            {(cliente_id, address): number for cliente_id, address, number in found[begin : begin + _CHUNK]}
        )
