"""A ledger entry is gone → its message is restored from SQL where it is open there; else it leaves the indexes.

As what it is restored, `messages.restored_status` decides; what may have gone out becomes `uncertain`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from hub_api.messages.history import to_message
from hub_api.messages.models import MessageRecord
from hub_api.messages.restore import restore_entries
from hub_api.services import Services
from shared.ledger.entries import MessageRef
from shared.ledger.restoring.restoring import Gone
from shared.logs import get_logger
from shared.transitions.message import OPEN_STATUSES

_log = get_logger(__name__)


def mend(services: Services, gone: Sequence[MessageRef], now_ms: int, marker: str) -> dict[str, int]:
    """Returns how many messages were `restored`, and how many index entries `dropped`.

    gone: every event must be recorded by now. marker: as the caller saw it before it looked.
    Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    with services.database.reading() as session:
        rows = session.scalars(select(MessageRecord).where(MessageRecord.message_id.in_([one for _, one in gone])))
        known = {(row.cliente_id, row.message_id): to_message(row) for row in rows}
    still_open = [message for message in known.values() if message.status in OPEN_STATUSES]
    still_open.sort(key=lambda message: (message.accepted_at_ms, message.message_id))
    done = {"restored": sum(restore_entries(services, still_open, now_ms, marker).values()), "dropped": 0}
    open_ids = {(message.cliente_id, message.message_id) for message in still_open}
    for cliente_id, message_id in gone:
        if (cliente_id, message_id) in open_ids:
            continue
        has: Gone = "final" if (cliente_id, message_id) in known else "unknown"
        if services.ledger.restoring.reindex(cliente_id, message_id, now_ms, has) == "dropped":
            done["dropped"] += 1
            _log.error("ledger.index_without_entry", cliente_id=cliente_id, message_id=message_id, record=has)
    return done
