"""Changes that are made in SQL and not told by the stream: kept as they happen, published by the background worker."""

from __future__ import annotations

import json

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub_api.public_events.envelope import Change
from hub_api.public_events.models import PendingEvent
from hub_api.public_events.publishing import Publishing
from hub_api.public_events.types import PublicEventType
from hub_api.recording import cursor
from hub_api.services import Services

_AT_ONCE = 500


def note(session: Session, change: Change) -> None:
    """Keeps a change within the caller's transaction; within a second or two it is published."""
    session.add(
        PendingEvent(
            cliente_id=change.cliente_id,
            type=change.type.value,
            chat=change.chat,
            at=change.at,
            data=json.dumps(change.data),
        )
    )


class Pending:
    """Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._database = services.database
        self._publishing = Publishing(services)

    def publish(self) -> int:
        """Publishes what was noted, oldest first; returns how many changes that was."""
        with self._database.reading() as session:
            if session.scalar(select(PendingEvent.id).limit(1)) is None:
                return 0
        with self._database.writing() as session:
            cursor.locked(session)  # before they are read: another process may be at it
            rows = list(session.scalars(select(PendingEvent).order_by(PendingEvent.id).limit(_AT_ONCE)))
            self._publishing.publish(session, [_change(row) for row in rows])
            session.execute(delete(PendingEvent).where(PendingEvent.id.in_([row.id for row in rows])))
            return len(rows)


def _change(row: PendingEvent) -> Change:
    return Change(row.cliente_id, PublicEventType(row.type), row.at, json.loads(row.data), row.chat)
