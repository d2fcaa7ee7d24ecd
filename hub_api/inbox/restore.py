"""Says in an emptied or older Redis until when messages are on record, so that reading goes on there, and how many."""

from __future__ import annotations

from sqlalchemy import func, select

from hub_api.inbox import counting
from hub_api.inbox.models import InboundMessage
from hub_api.registry import Restoration
from hub_api.services import Services


def restore(services: Services, restoration: Restoration) -> None:
    """For each tenant the latest message. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.

    What Redis had and SQL did not is read from the pages' databases again. Not known any more: which messages could not
    be read yet; one that was written long before the latest on record is missing then.
    """
    statement = select(InboundMessage.cliente_id, func.max(InboundMessage.at)).group_by(InboundMessage.cliente_id)
    with services.database.reading() as session:
        latest = [(int(cliente_id), int(at)) for cliente_id, at in session.execute(statement)]
        taken_in = counting.taken_in(session)
    for cliente_id, at in latest:
        services.ledger.row_cursors.restore(cliente_id, min(at, restoration.now_ms))
    services.ledger.restoring.restore_received(taken_in, restoration.since)
