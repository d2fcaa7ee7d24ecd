"""Endpoints as kept: made, edited, deleted, given another secret."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail
from hub_api.database import Database
from hub_api.webhooks.endpoints import secrets
from hub_api.webhooks.endpoints.shown import to_object
from hub_api.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookLane
from hub_api.webhooks.outbox.queue import give_up_waiting
from hub_api.webhooks.outbox.writer import LANES
from shared.errors import NotFound, ValidationFailed
from shared.instant import now_ms
from shared.ledger.message import new_message_id

MAX_ENDPOINTS = 20  # of a tenant


def create(
    database: Database,
    cliente_id: int,
    url: str,
    events: Sequence[str] | None,
    headers: dict[str, str],
    who: str,
    *,
    active: bool = True,
) -> dict[str, Any]:
    """Keeps a new endpoint; the webhook object with its secret. Raises ValidationFailed for one too many."""
    now = now_ms()
    with database.writing() as session:
        count = session.scalar(
            select(func.count()).select_from(WebhookEndpoint).where(WebhookEndpoint.cliente_id == cliente_id)
        )
        if (count or 0) >= MAX_ENDPOINTS:
            raise ValidationFailed(details={"url": f"a tenant has {MAX_ENDPOINTS} webhooks at most"})
        row = WebhookEndpoint(
            webhook_id=new_message_id(),
            cliente_id=cliente_id,
            url=url,
            events=None if events is None else json.dumps(list(events)),
            headers=json.dumps(headers),
            active=active,
            secret=secrets.new_secret(),
            created_at=now,
            updated_at=now,
            slow=False,
        )
        session.add(row)
        session.flush()
        for number in range(LANES):
            session.add(WebhookLane(endpoint=row.id, number=number, cliente_id=cliente_id, taken_until=0))
        trail.note(session, who, "webhook.create", cliente_id, row.webhook_id, events=events, headers=sorted(headers))
        return {**to_object(row), "secret": row.secret}


def listed(database: Database, cliente_id: int, after: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
    """A tenant's endpoints in the order in which they were made, those after one by its number."""
    statement = (
        select(WebhookEndpoint)
        .where(WebhookEndpoint.cliente_id == cliente_id, WebhookEndpoint.id > after)
        .order_by(WebhookEndpoint.id)
        .limit(limit)
    )
    with database.reading() as session:
        return [(row.id, to_object(row)) for row in session.scalars(statement)]


def find(session: Session, cliente_id: int, webhook_id: str, *, lock: bool = False) -> WebhookEndpoint:
    """An endpoint of the tenant's; 0: of any tenant's. Another's is not found. Raises NotFound."""
    statement = select(WebhookEndpoint).where(WebhookEndpoint.webhook_id == webhook_id)
    row = session.scalar(statement.with_for_update() if lock else statement)
    if row is None or cliente_id not in (0, row.cliente_id):
        raise NotFound()
    return row


def read(database: Database, cliente_id: int, webhook_id: str) -> dict[str, Any]:
    """The webhook object. Raises NotFound."""
    with database.reading() as session:
        return to_object(find(session, cliente_id, webhook_id))


def edit(database: Database, cliente_id: int, webhook_id: str, changes: dict[str, Any], who: str) -> dict[str, Any]:
    """Changes what is named: url, events, headers, active. Raises NotFound.

    One that is set active begins anew, whatever it was disabled for. Of one that is not, what waits is given up.
    """
    now = now_ms()
    with database.writing() as session:
        row = find(session, cliente_id, webhook_id, lock=True)
        if "url" in changes:
            row.url = changes["url"]
        if "headers" in changes:
            row.headers = json.dumps(changes["headers"])
        if "events" in changes:
            row.events = None if changes["events"] is None else json.dumps(changes["events"])
        if changes.get("active") is True and not row.active:
            row.active, row.disabled_at, row.disabled_reason = True, None, None
            row.failing_since, row.slow = None, False
        elif changes.get("active") is False and row.active:
            row.active = False
            session.flush()
            give_up_waiting(session, row.id, now)
        row.updated_at = now
        trail.note(session, who, "webhook.edit", row.cliente_id, webhook_id, changed=sorted(changes))
        return to_object(row)


def remove(database: Database, cliente_id: int, webhook_id: str, who: str) -> None:
    """Deletes an endpoint and all of its deliveries. Raises NotFound."""
    with database.writing() as session:
        row = find(session, cliente_id, webhook_id, lock=True)
        trail.note(session, who, "webhook.delete", row.cliente_id, webhook_id)
        of_it = select(WebhookDelivery.id).where(WebhookDelivery.endpoint == row.id)
        session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery.in_(of_it)))
        session.execute(delete(WebhookDelivery).where(WebhookDelivery.endpoint == row.id))
        session.execute(delete(WebhookLane).where(WebhookLane.endpoint == row.id))
        session.delete(row)


def rotate_secret(database: Database, cliente_id: int, webhook_id: str, who: str) -> dict[str, Any]:
    """The webhook object with a fresh secret; the one before signs as well for 24 h. Raises NotFound."""
    now = now_ms()
    with database.writing() as session:
        row = find(session, cliente_id, webhook_id, lock=True)
        secret = secrets.rotate(row, now)
        row.updated_at = now
        trail.note(session, who, "webhook.rotate_secret", row.cliente_id, webhook_id)
        return {**to_object(row), "secret": secret}
