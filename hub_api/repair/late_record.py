"""A record is open though the ledger knows how its message ended, and all is recorded → it is brought up to date."""

from __future__ import annotations

from collections.abc import Sequence

from hub_api.messages.models import MessageRecord
from hub_api.messages.recorder import copy
from hub_api.repair import late_key
from hub_api.services import Services
from shared.logs import get_logger
from shared.transitions.message import OPEN_STATUSES

_log = get_logger(__name__)


def mend(services: Services, late: Sequence[tuple[int, str]]) -> int:
    """Returns how many records were changed. late: (cliente_id, message_id).

    Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    changed = 0
    for cliente_id, message_id in late:
        message = services.ledger.entries.read(message_id)
        if message is None or message.cliente_id != cliente_id or message.status in OPEN_STATUSES:
            continue
        with services.database.writing() as session:
            row = session.get(MessageRecord, message_id, with_for_update=True)
            if row is not None and row.status in OPEN_STATUSES:
                copy(message, row)
                changed += 1
                if message.whatsapp_id is not None:
                    late_key.mend(session, {(cliente_id, message.whatsapp_id): message_id})
                _log.error("record.was_behind", cliente_id=cliente_id, message_id=message_id, now=row.status)
    return changed
