"""Keeps the mirror of tenants' rules in Redis, from which session workers and hosts read."""

from __future__ import annotations

import redis
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hub_api.accounts.models import Tenant
from hub_api.registry import Restoration
from hub_api.services import Services
from shared.logs import get_logger
from shared.protocol.commands import Disconnect
from shared.sessions.tenant_rules import NONE, TenantRules

_log = get_logger(__name__)


def tell(services: Services, cliente_id: int) -> None:
    """After a change was committed: what holds now acts on sessions. Never raises; the periodic look mends."""
    try:
        with services.database.reading() as session:
            row = session.get(Tenant, cliente_id)
            rules = NONE if row is None else _rules(row)
        services.tenant_rules.write({cliente_id: rules})
        if rules.suspended and services.wanted.owned([cliente_id]):
            services.control.tell(Disconnect(cliente_id, logout=False))
        services.wanted.notify_hosts(cliente_id)
    except redis.RedisError as error:
        _log.warning("tenant_rules.not_mirrored", cliente_id=cliente_id, reason=type(error).__name__)


def mend(services: Services) -> list[int]:
    """Puts right where the mirror says otherwise than SQL, and returns whose entry.

    Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    mirrored = services.tenant_rules.all()
    with services.database.reading() as session:
        recorded = _recorded(session)
    differ = {
        cliente_id: recorded.get(cliente_id, NONE)
        for cliente_id in recorded.keys() | mirrored.keys()
        if recorded.get(cliente_id, NONE) != mirrored.get(cliente_id, NONE)
    }
    for cliente_id in sorted(differ):
        tell(services, cliente_id)
        _log.info("tenant_rules.mended", cliente_id=cliente_id)
    return sorted(differ)


def restore(services: Services, restoration: Restoration) -> None:
    """Puts all of it into an emptied or older Redis. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
    mirrored = services.tenant_rules.all()
    with services.database.reading() as session:
        recorded = _recorded(session)
    services.tenant_rules.write(dict.fromkeys(mirrored, NONE) | recorded)
    _log.info("tenant_rules.restored", tenants=len(recorded))


def _recorded(session: Session) -> dict[int, TenantRules]:
    special = or_(Tenant.daily_cap.is_not(None), Tenant.timezone.is_not(None), Tenant.suspended_at.is_not(None))
    return {row.cliente_id: _rules(row) for row in session.scalars(select(Tenant).where(special))}


def _rules(row: Tenant) -> TenantRules:
    return TenantRules(row.daily_cap, row.timezone, row.suspended_at is not None)
