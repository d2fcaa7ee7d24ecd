"""Puts back into a Redis that came up empty which sessions are wanted, where their logins lie, and who is unlinked."""

from __future__ import annotations

from sqlalchemy import select

from hub_api.services import Services
from hub_api.sessions.models import OwedLogout, SessionStore, WantedSession
from shared.logs import get_logger
from shared.protocol.snapshot import Wanted

_log = get_logger(__name__)


def restore(services: Services, now_ms: int) -> None:
    """What stands in Redis already is newer and stays. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
    with services.database.reading() as session:
        wanted = [
            (row.cliente_id, Wanted(row.since, row.reason))
            for row in session.scalars(select(WantedSession).order_by(WantedSession.since))
        ]
        stores = [(row.cliente_id, row.store_id) for row in session.scalars(select(SessionStore))]
        logouts = [(row.cliente_id, row.login_id) for row in session.scalars(select(OwedLogout))]
    services.wanted.restore(wanted, stores, logouts)
    _log.info("sessions.restored", wanted=len(wanted), stores=len(stores))
