"""Whose turn it is: a worker takes a lane of an endpoint for a while, and puts it back with what came of it.

SQL is the truth; tasks of Celery only say that it is time to look. A lane is taken for seconds and renewed while it is
worked in, so that one whose worker was killed is soon free again. Who could not renew in time has it no longer, and
stops before anybody else can take it. Endpoints that fail or are slow get half of the places at most, and one that
fails one lane, so that nobody waits for them.
"""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from hub_api.database import Database
from hub_api.webhooks.models import IS_WAITING, WebhookDelivery, WebhookEndpoint, WebhookLane

LEASE_MS = 10_000
_RENEWED_EACH = 4  # so often within a lease
_SURE = 0.8  # of a lease its holder counts on: the rest is for clocks that differ
PLACES_PER_TENANT = 8


@dataclass(frozen=True, slots=True)
class Taken:
    """A lane, and by which word it was taken."""

    lane: int
    endpoint: int
    token: str


class Lanes:
    """Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, database: Database, places: int, lease_ms: int = LEASE_MS) -> None:
        """places: how many lanes are worked at once. lease_ms: for how long one is taken if it is not renewed."""
        self._database = database
        self._next = _next(max(1, places // 2))
        self._next_locked = self._next.with_for_update(skip_locked=True, of=WebhookLane)
        self._lease_ms = lease_ms
        self.renew_each_s = lease_ms / 1000 / _RENEWED_EACH
        self._choosing = threading.Lock()  # one chooses at a time, so that limits hold
        self._guard = threading.Lock()
        self._ours_until: dict[str, float] = {}  # by token; of the steady clock

    def take(self, now_ms: int) -> Taken | None:
        """The lane that has waited longest; None where none is due, or those that are would be too many."""
        began = time.monotonic()
        with self._choosing, self._database.writing() as session:
            row = session.scalar(self._next_locked, {"now_ms": now_ms})
            if row is None:
                return None
            taken = Taken(row.id, row.endpoint, uuid.uuid4().hex)
            row.taken_by, row.taken_until = taken.token, now_ms + self._lease_ms
        with self._guard:
            self._ours_until[taken.token] = self._sure_until(began)
        return taken

    def renew(self, now_ms: int) -> None:
        """Goes on having what was taken here. A lane that a transaction holds is left for the next time."""
        with self._guard:
            tokens = list(self._ours_until)
        began = time.monotonic()
        found = (
            select(WebhookLane)
            .where(WebhookLane.taken_until > 0, WebhookLane.taken_by.in_(tokens))
            .with_for_update(skip_locked=True)
        )
        with self._database.writing() as session:
            rows = list(session.scalars(found))
            for row in rows:
                row.taken_until = now_ms + self._lease_ms
            renewed = {row.taken_by for row in rows if row.taken_by is not None}
        with self._guard:
            for token in renewed & self._ours_until.keys():
                self._ours_until[token] = self._sure_until(began)

    def holds(self, taken: Taken) -> bool:
        """Whether nobody else can have the lane yet. Asks nobody."""
        with self._guard:
            return time.monotonic() < self._ours_until.get(taken.token, 0.0)

    def let_go(self, taken: Taken) -> None:
        """Renews a lane no more: it was put back, or its time may run out."""
        with self._guard:
            self._ours_until.pop(taken.token, None)

    def is_due(self, now_ms: int) -> bool:
        """Whether one could be taken now."""
        with self._database.reading() as session:
            return session.scalar(self._next, {"now_ms": now_ms}) is not None

    def _sure_until(self, began: float) -> float:
        return began + self._lease_ms / 1000 * _SURE


def _next(troubled_places: int) -> Select[WebhookLane]:
    """The statement, at a moment `now_ms`; made once, as that takes longer than the database does over it.

    Cheap first: where nothing is due, nothing else is looked at.
    """
    now_ms = bindparam("now_ms", type_=BigInteger)
    other, endpoint = aliased(WebhookLane), aliased(WebhookEndpoint)
    taken = other.taken_until > now_ms
    of_tenant = (
        select(func.count())
        .select_from(other)
        .where(taken, other.cliente_id == WebhookLane.cliente_id)
        .correlate(WebhookLane)
        .scalar_subquery()
    )
    of_endpoint = exists().where(taken, other.endpoint == WebhookLane.endpoint)
    of_troubled = (
        select(func.count())
        .select_from(other)
        .join(endpoint, endpoint.id == other.endpoint)
        .where(taken, _is_troubled(endpoint))
        .scalar_subquery()
    )
    failing = WebhookEndpoint.failing_since.is_not(None)
    return (
        select(WebhookLane)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookLane.endpoint)
        .where(
            WebhookLane.next_at <= now_ms,
            WebhookLane.taken_until <= now_ms,
            WebhookEndpoint.active.is_(True),
            of_tenant < PLACES_PER_TENANT,
            or_(~failing, ~of_endpoint),
            or_(~_is_troubled(WebhookEndpoint), of_troubled < troubled_places),
        )
        .order_by(WebhookLane.next_at, WebhookLane.id)
        .limit(1)
    )


def _is_troubled(endpoint: Any) -> ColumnElement[bool]:
    return or_(endpoint.failing_since.is_not(None), endpoint.slow.is_(True))


def locked(session: Session, taken: Taken) -> bool:
    """Locks a lane that is still the caller's, for the transaction. False: its time was up, and another has it."""
    row = session.scalar(select(WebhookLane).where(WebhookLane.id == taken.lane).with_for_update())
    return row is not None and row.taken_by == taken.token


def put_back(session: Session, taken: Taken, now_ms: int) -> None:
    """A lane is free again. It is due with what waits in it, behind the lanes that are due already."""
    soonest = select(func.min(WebhookDelivery.next_at)).where(WebhookDelivery.lane == taken.lane, IS_WAITING)
    due = session.scalar(soonest)
    session.execute(
        update(WebhookLane)
        .where(WebhookLane.id == taken.lane)
        .values(next_at=None if due is None else max(due, now_ms), taken_by=None, taken_until=0)
    )


def follow_head(session: Session, endpoint: int, chat: str, due_ms: int) -> None:
    """Whatever waits in a chat of an endpoint waits at least until its head is due again."""
    session.execute(
        update(WebhookDelivery)
        .where(
            and_(
                WebhookDelivery.endpoint == endpoint,
                WebhookDelivery.chat == chat,
                WebhookDelivery.next_at < due_ms,
                IS_WAITING,
            )
        )
        .values(next_at=due_ms)
        .execution_options(synchronize_session=False)
    )
