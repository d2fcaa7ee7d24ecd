"""Gives changes their numbers and keeps them in the log, within the transaction that records them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub_api.public_events import numbers
from hub_api.public_events.envelope import Change, published
from hub_api.public_events.models import PublicEvent
from hub_api.recording import cursor
from hub_api.recording.rows import insert_rows
from hub_api.registry import PublishedEvent
from hub_api.services import Services
from hub_api.subjects import subjects
from shared.instant import now_ms


class Publishing:
    """Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._hooks = [make(services) for subject in subjects() for make in subject.published]

    def publish(self, session: Session, changes: Sequence[Change]) -> None:
        """Keeps them in this order, after all that was kept before, and hands them to the subjects' hooks.

        Holds the drain's place until the transaction ends: nobody else gives numbers meanwhile.
        """
        if not changes:
            return
        cursor.locked(session)
        number = session.scalar(select(func.max(PublicEvent.id))) or 0
        now, events = now_ms(), list[PublishedEvent]()
        for change in changes:
            number = numbers.following(number, now)
            events.append(published(number, change))
        insert_rows(session, PublicEvent, [_row(event) for event in events])
        for hook in self._hooks:
            hook(session, events)


def _row(event: PublishedEvent) -> dict[str, object]:
    return {
        "id": event.number,
        "cliente_id": event.cliente_id,
        "type": event.type,
        "chat": event.chat,
        "at": event.at,
        "body": event.body,
    }
