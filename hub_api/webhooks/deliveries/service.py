"""The log of deliveries, a test delivery, delivering again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail
from hub_api.database import Database, rows_between
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.webhooks.endpoints.service import find
from hub_api.webhooks.endpoints.shown import to_object as webhook_object
from hub_api.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from hub_api.webhooks.outbox import queue, writer
from hub_api.webhooks.outbox.trial import trial_event
from shared.errors import InvalidState, NotFound, ValidationFailed
from shared.instant import now_ms, to_iso
from shared.ledger.message import new_message_id

_FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries; None: any. Times are milliseconds, `until` not included."""

    status: str | None = None
    type: str | None = None
    from_ms: int | None = None
    until_ms: int | None = None


def listed(
    database: Database, cliente_id: int, webhook_id: str, wanted: DeliveryFilter, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of an endpoint's deliveries, newest first, and the cursor of the next. Raises NotFound."""
    with database.reading() as session:
        endpoint = find(session, cliente_id, webhook_id)
        statement = select(WebhookDelivery).where(WebhookDelivery.endpoint == endpoint.id)
        if wanted.status is not None:
            statement = statement.where(WebhookDelivery.status == wanted.status)
        if wanted.type is not None:
            statement = statement.where(WebhookDelivery.type == wanted.type)
        statement = rows_between(statement, WebhookDelivery.created_at, wanted.from_ms, wanted.until_ms)
        if cursor is not None:
            statement = statement.where(WebhookDelivery.id < _place(cursor))
        rows = list(session.scalars(statement.order_by(WebhookDelivery.id.desc()).limit(limit + 1)))
        following = write_cursor(rows[limit - 1].id, "delivery") if len(rows) > limit else None
        return _objects(session, endpoint, rows[:limit]), following


def test(database: Database, cliente_id: int, webhook_id: str, who: str) -> dict[str, Any]:
    """Writes a delivery of the webhook object itself; the delivery object. Raises NotFound, InvalidState."""
    now = now_ms()
    with database.writing() as session:
        endpoint = _active(session, cliente_id, webhook_id)
        event = trial_event(new_message_id(), endpoint.cliente_id, webhook_object(endpoint), now)
        writer.write(session, [(endpoint, event)], now)
        trail.note(session, who, "webhook.test", endpoint.cliente_id, webhook_id)
        row = session.scalars(select(WebhookDelivery).where(WebhookDelivery.delivery_id == event.event_id)).one()
        return _objects(session, endpoint, [row])[0]


def replay_one(database: Database, cliente_id: int, webhook_id: str, delivery_id: str, who: str) -> int:
    """One delivery, whatever became of it. Raises NotFound, InvalidState."""
    count = _replay(database, cliente_id, webhook_id, WebhookDelivery.delivery_id == delivery_id, who)
    if not count:
        raise NotFound()
    return count


def replay_span(database: Database, cliente_id: int, webhook_id: str, from_ms: int, until_ms: int, who: str) -> int:
    """All that were written in a span of time, whatever became of them. Raises NotFound, InvalidState."""
    written = and_(WebhookDelivery.created_at >= from_ms, WebhookDelivery.created_at < until_ms)
    return _replay(database, cliente_id, webhook_id, written, who)


def replay_failed(database: Database, cliente_id: int, webhook_id: str, since_ms: int, who: str) -> int:
    """All that failed for good since a moment. Raises NotFound, InvalidState."""
    failed = and_(WebhookDelivery.status == _FAILED, WebhookDelivery.ended_at >= since_ms)
    return _replay(database, cliente_id, webhook_id, failed, who)


def _replay(database: Database, cliente_id: int, webhook_id: str, which: ColumnElement[bool], who: str) -> int:
    with database.writing() as session:
        endpoint = _active(session, cliente_id, webhook_id)
        count = queue.put_back(session, endpoint.id, which, now_ms())
        trail.note(session, who, "webhook.replay", endpoint.cliente_id, webhook_id, count=count)
        return count


def _active(session: Session, cliente_id: int, webhook_id: str) -> WebhookEndpoint:
    """Raises NotFound, and InvalidState where the endpoint is told nothing."""
    endpoint = find(session, cliente_id, webhook_id)
    if not endpoint.active:
        raise InvalidState(details={"active": False})
    return endpoint


def _place(cursor: str) -> int:
    place, kind = read_cursor(cursor)
    if kind != "delivery":
        raise ValidationFailed(details={"cursor": "not one of this list"})
    return place


def _objects(session: Session, endpoint: WebhookEndpoint, rows: Sequence[WebhookDelivery]) -> list[dict[str, Any]]:
    attempts: dict[int, list[dict[str, Any]]] = {row.id: [] for row in rows}
    statement = select(WebhookAttempt).where(WebhookAttempt.delivery.in_(attempts))
    for one in session.scalars(statement.order_by(WebhookAttempt.delivery, WebhookAttempt.number)):
        attempts[one.delivery].append(
            {
                "number": one.number,
                "at": to_iso(one.at),
                "code": one.code,
                "error": one.error,
                "duration_ms": one.duration_ms,
                "answer": one.answer,
            }
        )
    return [
        {
            "delivery_id": row.delivery_id,
            "webhook_id": endpoint.webhook_id,
            "cliente_id": row.cliente_id,
            "type": row.type,
            "status": row.status,
            "error": row.error,
            "created_at": to_iso(row.created_at),
            "next_attempt_at": to_iso(row.next_at),
            "ended_at": to_iso(row.ended_at),
            "attempts": attempts[row.id],
        }
        for row in rows
    ]
