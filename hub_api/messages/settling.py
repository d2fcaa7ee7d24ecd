"""Takes the texts of messages that have ended out of Redis, as soon as SQL has them.

What is not on record keeps its text, whatever its events say: it is the only copy. After a kill between the two steps
some texts stay until their entries' lives are over.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from hub_api.messages.models import MessageRecord
from hub_api.recording.rows import among
from hub_api.services import Services
from shared.names import EventType
from shared.protocol.events import Event

_ENDINGS = frozenset(
    {
        EventType.MESSAGE_SENT,
        EventType.MESSAGE_DELIVERED,
        EventType.MESSAGE_READ,
        EventType.MESSAGE_FAILED,
        EventType.MESSAGE_CANCELLED,
        EventType.MESSAGE_EXPIRED,
    }
)
_MAX_WAITING = 20_000  # messages that one process keeps in mind while Redis is away


class Settler:
    """Is told of recorded events. What it could not do is done with the next ones."""

    def __init__(self, services: Services) -> None:
        self._database = services.database
        self._settling = services.ledger.settling
        self._waiting: dict[tuple[int, str], None] = {}

    def __call__(self, events: Sequence[Event]) -> None:
        """Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
        for event in events:
            if event.type in _ENDINGS and len(self._waiting) < _MAX_WAITING:
                self._waiting[event.cliente_id, event.message_id] = None
        if not self._waiting:
            return
        asked = list(self._waiting)
        self._settling.settle(self._on_record(asked))
        for message in asked:
            del self._waiting[message]

    def _on_record(self, messages: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
        """Those whose texts SQL has."""
        ids = [message_id for _, message_id in messages]
        statement = select(MessageRecord.cliente_id, MessageRecord.message_id)
        with self._database.reading() as session:
            rows = session.execute(statement.where(among(session, MessageRecord.message_id, ids)))
            return [(cliente_id, message_id) for cliente_id, message_id in rows]
