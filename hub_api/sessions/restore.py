"""Puts back into an emptied or older Redis which sessions are wanted, where their logins lie, and who is unlinked."""

from __future__ import annotations

from sqlalchemy import select

from hub_api.recording.cursor import last_read_at
from hub_api.registry import Restoration
from hub_api.services import Services
from hub_api.sessions.models import OwedLogout, SessionStore, WantedSession
from shared.logs import get_logger
from shared.protocol.snapshot import Wanted

_log = get_logger(__name__)


def restore(services: Services, restoration: Restoration) -> None:
    """What was wanted after SQL last read the stream stays; what SQL has no more since is not wanted again.

    Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    with services.database.reading() as session:
        wanted = [
            (row.cliente_id, Wanted(row.since, row.reason))
            for row in session.scalars(select(WantedSession).order_by(WantedSession.since))
        ]
        read_at = last_read_at(session) or 0
        stores = [(row.cliente_id, row.store_id) for row in session.scalars(select(SessionStore))]
        logouts = [(row.cliente_id, row.login_id) for row in session.scalars(select(OwedLogout))]
    known = {cliente_id for cliente_id, _ in wanted}
    for cliente_id in services.wanted.all():
        found = services.wanted.read(cliente_id)
        if cliente_id not in known and found is not None and found.since < read_at:
            services.wanted.remove(cliente_id)
    services.wanted.restore(wanted, stores, logouts)
    _log.info("sessions.restored", wanted=len(wanted), stores=len(stores))
