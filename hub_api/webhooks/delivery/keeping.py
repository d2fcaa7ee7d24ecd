"""Keeps what came of attempts: of each delivery, and of the endpoint."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hub_api.services import Services
from hub_api.storable import storable
from hub_api.webhooks.answer import MAX_KEPT, Answer
from hub_api.webhooks.delivery import health, lanes, schedule
from hub_api.webhooks.delivery.disabling import disable
from hub_api.webhooks.delivery.lanes import Taken
from hub_api.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from shared.instant import now_ms
from shared.logs import get_logger

_log = get_logger(__name__)


class Tried(Protocol):
    """A delivery as it was read before it was tried."""

    @property
    def id(self) -> int: ...

    @property
    def tried(self) -> int: ...


def keep(
    services: Services, taken: Taken, answers: Sequence[tuple[Tried, Answer]], rng: random.Random, *, last: bool
) -> bool:
    """Keeps the answers in one transaction. last: the lane is put back.

    False where the lane is another's by now: what was posted is posted again, under the same ids.
    """
    now = now_ms()
    with services.database.writing() as session:
        if not lanes.locked(session, taken):
            _log.warning("webhook.lane_lost", lane=taken.lane)
            return False
        # Locked as well: it may be edited or deleted meanwhile.
        endpoint = session.get(WebhookEndpoint, taken.endpoint, with_for_update=True)
        if endpoint is None:
            return False
        _keep_each(session, endpoint, answers, rng, now)
        if answers:
            fares = health.after(endpoint.failing_since, [answer for _, answer in answers])
            endpoint.failing_since, endpoint.slow = fares.failing_since, fares.slow
            if fares.disabled is not None and endpoint.active:
                disable(session, endpoint, fares.disabled, now)
        if last:
            session.flush()
            lanes.put_back(session, taken, now)
    return True


def _keep_each(
    session: Session, endpoint: WebhookEndpoint, answers: Sequence[tuple[Tried, Answer]], rng: random.Random, now: int
) -> None:
    ids = [one.id for one, _ in answers]
    rows = {row.id: row for row in session.scalars(select(WebhookDelivery).where(WebhookDelivery.id.in_(ids)))}
    attempts = []
    for one, answer in answers:
        row = rows.get(one.id)
        if row is None or row.status != "waiting" or row.tried != one.tried:
            continue  # it was kept, or put into the queue anew
        row.tried += 1
        row.attempts += 1
        row.error = None if answer.error is None else answer.error.value
        attempts.append(
            {
                "delivery": row.id,
                "number": row.tried,
                "at": answer.at_ms,
                "code": answer.code,
                "error": row.error,
                "duration_ms": answer.duration_ms,
                "answer": storable(answer.text, MAX_KEPT),
            }
        )
        _move(session, endpoint, row, answer, rng, now)
    if attempts:
        session.execute(insert(WebhookAttempt), attempts)


def _move(
    session: Session, endpoint: WebhookEndpoint, row: WebhookDelivery, answer: Answer, rng: random.Random, now: int
) -> None:
    """Delivered, to be tried again, or failed for good. Its tenant, its type and its code are logged, nothing else."""
    if answer.succeeded:
        row.status, row.next_at, row.ended_at = "delivered", None, now
        return
    delay = schedule.delay_ms(row.attempts, rng)
    final = delay is None
    _log.info(
        "webhook.attempt_failed",
        cliente_id=row.cliente_id,
        webhook_id=endpoint.webhook_id,
        delivery_id=row.delivery_id,
        attempt=row.attempts,
        code=answer.code,
        error=row.error,
        final=final,
    )
    if delay is None:
        row.status, row.next_at, row.ended_at = "failed", None, now
        return
    row.next_at = now + delay
    session.flush()
    lanes.follow_head(session, row.endpoint, row.chat, row.next_at)
