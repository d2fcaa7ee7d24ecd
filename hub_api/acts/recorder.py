"""What acts do with events: a row for each that was asked for, and its outcome."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.acts.models import MessageAct
from hub_api.recording.rows import among
from hub_api.storable import storable
from shared.names import EventType
from shared.protocol.acts import ActStatus
from shared.protocol.events import ActAsked, ActEnded, Event

_ENDS = {
    EventType.MESSAGE_ACT_DONE: ActStatus.DONE,
    EventType.MESSAGE_ACT_FAILED: ActStatus.FAILED,
    EventType.MESSAGE_ACT_UNKNOWN: ActStatus.UNKNOWN,
}


class ActRecorder:
    """Takes `message.act_…`. Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """Events whose act is on record, or has an outcome there."""
        rows = _rows(session, events)
        found = set()
        for event in events:
            match event.body:
                case ActAsked(act_id=act_id) if act_id in rows:
                    found.add(event.event_id)
                case ActEnded(act_id=act_id) if act_id in rows and rows[act_id].ended_at is not None:
                    found.add(event.event_id)
        return found

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Begins a record or ends it."""
        rows = _rows(session, events)
        for event in events:
            body = event.body
            if not isinstance(body, ActAsked | ActEnded):
                continue
            row = rows.get(body.act_id)
            if row is None:
                row = rows[body.act_id] = _begun(event, body)
                session.add(row)
            if isinstance(body, ActEnded) and row.ended_at is None:
                row.status = _ENDS[event.type].value
                row.error = storable(body.error, 60) or None
                row.ended_at = event.at
        session.flush()


def _begun(event: Event, body: ActAsked | ActEnded) -> MessageAct:
    return MessageAct(
        act_id=storable(body.act_id, 64),
        cliente_id=event.cliente_id,
        message=storable(event.message_id, 200),
        whatsapp_id=storable(body.whatsapp_id, 200),
        kind=body.kind.value,
        emoji=storable(body.emoji, 64) if isinstance(body, ActAsked) else "",
        status=ActStatus.ASKED.value,
        asked_at=event.at,
    )


def _rows(session: Session, events: Sequence[Event]) -> dict[str, MessageAct]:
    ids = {event.body.act_id for event in events if isinstance(event.body, ActAsked | ActEnded)}
    if not ids:
        return {}
    return {
        row.act_id: row for row in session.scalars(select(MessageAct).where(among(session, MessageAct.act_id, ids)))
    }
