"""Changes of a tenant's profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from hub_api.accounts.models import Tenant
from hub_api.accounts.tenants import mirror
from hub_api.services import Services
from hub_api.subjects import tenant_hooks
from shared.errors import SessionNotFound


def change(services: Services, session: Session, cliente_id: int, changes: Mapping[str, Any]) -> list[str]:
    """Changes columns of a known tenant within the caller's transaction; `announce` is to follow its commit.

    Returns the names of those that differ from what stood there. Raises SessionNotFound; redis.RedisError where what
    was released under the old values can't be stopped.
    """
    row = session.get(Tenant, cliente_id, with_for_update=True)
    if row is None:
        raise SessionNotFound()
    changed = sorted(name for name, value in changes.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, changes[name])
    if changed:
        session.flush()
        for hook in tenant_hooks():
            hook(services, session, cliente_id, changed)
    return changed


def announce(services: Services, cliente_id: int) -> None:
    """A change was committed: every process and the tenant's session follow it within a second. Never raises."""
    services.remembered.changed()
    mirror.tell(services, cliente_id)
