"""Callers are told of each QR code once. No event tells of one: a code stands in its session's snapshot alone, so the
snapshots that show one are looked at each second. Tenants that may not scan are told of none."""

from __future__ import annotations

import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.accounts.tenants.profiles import profile_of
from hub_api.authorizations.service import tenant_may_scan
from hub_api.public_events import pending
from hub_api.public_events.envelope import Change
from hub_api.public_events.models import PendingEvent, PublicEvent
from hub_api.public_events.types import PublicEventType
from hub_api.services import Services
from shared.instant import now_ms
from shared.sessions.view import SessionView

_KIND = PublicEventType.SESSION_QR.value


class Codes:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._told: dict[int, str] = {}  # the code that was told last, of those that are shown

    def note_new(self) -> int:
        """Notes each code that was not told yet; returns how many those were."""
        now = now_ms()
        views = {
            view.snapshot.cliente_id: view
            for view in self._services.snapshots.read_many(self._services.snapshots.showing_codes())
            if view.has_code(now)
        }
        self._told = {cliente_id: code for cliente_id, code in self._told.items() if cliente_id in views}
        new = [view for view in views.values() if self._told.get(view.snapshot.cliente_id) != view.snapshot.qr_string]
        return sum(self._note(view, now) for view in new)

    def _note(self, view: SessionView, now: int) -> bool:
        cliente_id, code = view.snapshot.cliente_id, view.snapshot.qr_string
        if not tenant_may_scan(self._services.database, cliente_id, now):
            return False
        data = view.to_object(now, profile_of(self._services, cliente_id).language, with_code=True)
        with self._services.database.writing() as session:
            told = _last_code(session, cliente_id) == code  # by another process, or before this one was started
            if not told:
                pending.note(session, Change(cliente_id, PublicEventType.SESSION_QR, now, data))
        self._told[cliente_id] = code
        return not told


def _last_code(session: Session, cliente_id: int) -> object:
    """The code that was noted or published last."""
    noted = select(PendingEvent.data).where(PendingEvent.cliente_id == cliente_id, PendingEvent.type == _KIND)
    data = session.scalar(noted.order_by(PendingEvent.id.desc()).limit(1))
    if data is not None:
        return json.loads(data)["qr_string"]
    published = select(PublicEvent.body).where(PublicEvent.cliente_id == cliente_id, PublicEvent.type == _KIND)
    body = session.scalar(published.order_by(PublicEvent.id.desc()).limit(1))
    return None if body is None else json.loads(body)["data"]["qr_string"]
