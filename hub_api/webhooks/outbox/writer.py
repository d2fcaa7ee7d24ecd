"""Writes deliveries in the transaction that gives events their numbers: none is on record without them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from hub_api.recording.rows import among, insert_rows
from hub_api.registry import PublishedEvent
from hub_api.services import Services
from hub_api.webhooks.models import IS_WAITING, WebhookDelivery, WebhookEndpoint, WebhookLane
from shared.instant import now_ms

LANES = 4  # of an endpoint: so many of its chats are delivered to at once
WAITING = "waiting"


class Outbox:
    """Is told of public events; where none of their tenants has an endpoint, that is one look."""

    def __init__(self, services: Services) -> None:
        """Nothing is needed of the services."""

    def __call__(self, session: Session, events: Sequence[PublishedEvent]) -> object:
        """A delivery of each event for each endpoint that wants it. Raises sqlalchemy.exc.SQLAlchemyError."""
        endpoints = _active_endpoints(session, {event.cliente_id for event in events})
        pairs = [
            (endpoint, event)
            for event in events
            for endpoint in endpoints.get(event.cliente_id, ())
            if _wants(endpoint, event.type)
        ]
        return write(session, pairs, now_ms())


def write(session: Session, pairs: Sequence[tuple[WebhookEndpoint, PublishedEvent]], now: int) -> int:
    """Writes these deliveries, behind whatever waits in their chats; returns how many."""
    if not pairs:
        return 0
    lanes = _lanes(session, {endpoint.id for endpoint, _ in pairs})
    rows = [_row(endpoint, event, lanes, now) for endpoint, event in pairs]
    # Locked first: who delivers moves what waits there.
    touch(session, {row["lane"] for row in rows}, now)
    last = _last_due(session, {row["endpoint"] for row in rows}, {row["chat"] for row in rows})
    for row in rows:
        row["next_at"] = max(now, last.get((row["endpoint"], row["chat"]), 0))
    insert_rows(session, WebhookDelivery, rows)
    return len(rows)


def touch(session: Session, lanes: Collection[int], now: int) -> None:
    """Has somebody look at these lanes now, and locks them until the transaction ends; in one order for everybody."""
    soon = case((WebhookLane.next_at < now, WebhookLane.next_at), else_=now)
    for lane in sorted(lanes):
        session.execute(
            update(WebhookLane)
            .where(WebhookLane.id == lane)
            .values(next_at=soon)
            .execution_options(synchronize_session=False)
        )


def chat_of(event: PublishedEvent) -> str:
    """What an event's deliveries are kept in order with: its chat, else all of its kind, such as a session's."""
    return event.chat or event.type.partition(".")[0]


def lane_number(chat: str) -> int:
    """By which lane of an endpoint a chat's deliveries go."""
    return zlib.crc32(chat.encode()) % LANES


def _active_endpoints(session: Session, cliente_ids: Collection[int]) -> dict[int, list[WebhookEndpoint]]:
    found: dict[int, list[WebhookEndpoint]] = {}
    statement = select(WebhookEndpoint).where(
        WebhookEndpoint.cliente_id.in_(cliente_ids), WebhookEndpoint.active.is_(True)
    )
    for row in session.scalars(statement.order_by(WebhookEndpoint.id)):
        found.setdefault(row.cliente_id, []).append(row)
    return found


def _wants(endpoint: WebhookEndpoint, kind: str) -> bool:
    return endpoint.events is None or kind in json.loads(endpoint.events)


def _lanes(session: Session, endpoints: Collection[int]) -> dict[tuple[int, int], int]:
    columns = WebhookLane.endpoint, WebhookLane.number, WebhookLane.id
    found = session.execute(select(*columns).where(WebhookLane.endpoint.in_(endpoints)))
    return {(endpoint, number): lane for endpoint, number, lane in found}


def _row(
    endpoint: WebhookEndpoint, event: PublishedEvent, lanes: Mapping[tuple[int, int], int], now: int
) -> dict[str, Any]:
    chat = chat_of(event)
    return {
        "delivery_id": event.event_id,
        "endpoint": endpoint.id,
        "lane": lanes[endpoint.id, lane_number(chat)],
        "cliente_id": event.cliente_id,
        "type": event.type,
        "chat": chat,
        "body": event.body,
        "status": WAITING,
        "attempts": 0,
        "tried": 0,
        "created_at": now,
    }


def _last_due(session: Session, endpoints: Collection[int], chats: Collection[str]) -> dict[tuple[int, str], int]:
    """When the last one that waits in each chat is due."""
    statement = (
        select(WebhookDelivery.endpoint, WebhookDelivery.chat, func.max(WebhookDelivery.next_at))
        .where(WebhookDelivery.endpoint.in_(endpoints), among(session, WebhookDelivery.chat, chats), IS_WAITING)
        .group_by(WebhookDelivery.endpoint, WebhookDelivery.chat)
    )
    return {(endpoint, chat): due for endpoint, chat, due in session.execute(statement) if due is not None}
