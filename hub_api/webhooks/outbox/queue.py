"""What waits for an endpoint: given up, or put into the queue again."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from hub_api.webhooks.answer import AttemptError
from hub_api.webhooks.models import IS_WAITING, WebhookDelivery, WebhookLane
from hub_api.webhooks.outbox.writer import WAITING, touch

_AT_ONCE = 500  # chats that one statement names


def give_up_waiting(session: Session, endpoint: int, now_ms: int) -> None:
    """What waits for an endpoint is not tried any more; it stays, and can be delivered again."""
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint == endpoint, IS_WAITING)
        .values(status="failed", next_at=None, ended_at=now_ms, error=AttemptError.DISABLED.value)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(WebhookLane)
        .where(WebhookLane.endpoint == endpoint)
        .values(next_at=None)
        .execution_options(synchronize_session=False)
    )


def put_back(session: Session, endpoint: int, which: ColumnElement[bool], now_ms: int) -> int:
    """Has deliveries tried anew, from the first attempt, under the same ids; returns how many.

    What waits in their chats is due at the same moment, not before: order is kept.
    """
    touch(session, session.scalars(select(WebhookLane.id).where(WebhookLane.endpoint == endpoint)).all(), now_ms)
    chosen = (WebhookDelivery.endpoint == endpoint) & which
    chats = list(session.scalars(select(WebhookDelivery.chat).where(chosen).distinct()))
    statement = update(WebhookDelivery).where(chosen)
    done = session.execute(
        statement.values(status=WAITING, attempts=0, next_at=now_ms, ended_at=None).execution_options(
            synchronize_session=False
        )
    )
    for first in range(0, len(chats), _AT_ONCE):
        waiting = WebhookDelivery.chat.in_(chats[first : first + _AT_ONCE])
        session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.endpoint == endpoint, waiting, IS_WAITING)
            .values(next_at=now_ms)
            .execution_options(synchronize_session=False)
        )
    return cast("CursorResult[Any]", done).rowcount
