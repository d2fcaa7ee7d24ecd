"""Tenants: made known, found, and changed by admins over REST and by the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail
from hub_api.accounts.models import Tenant
from hub_api.accounts.tenants import mirror
from hub_api.accounts.tenants.profiles import effective
from hub_api.database import Database
from hub_api.services import Services
from hub_api.subjects import tenant_hooks
from shared.errors import InvalidState, SessionNotFound
from shared.instant import now_ms, to_iso
from shared.settings import Settings

_SUBJECT = "tenant {}"


def create(services: Services, cliente_id: int, fields: Mapping[str, Any], who: str) -> dict[str, Any]:
    """Makes a tenant known. fields: columns of its profile. Raises InvalidState where it is known already."""
    try:
        with services.database.writing() as session:
            if session.get(Tenant, cliente_id) is not None:
                raise InvalidState(details={"cliente_id": "known already"})
            session.add(Tenant(cliente_id=cliente_id, created_at=now_ms(), **fields))
            session.flush()
            trail.note(session, who, "tenant.create", cliente_id, _SUBJECT.format(cliente_id), **fields)
    except IntegrityError:
        raise InvalidState(details={"cliente_id": "known already"}) from None
    announce(services, cliente_id)
    return find(services, cliente_id)


def edit(services: Services, cliente_id: int, fields: Mapping[str, Any], suspended: bool | None, who: str) -> None:
    """Changes a tenant's profile. suspended: None leaves it as it is. Raises SessionNotFound, redis.RedisError."""
    with services.database.writing() as session:
        row = session.get(Tenant, cliente_id)
        changes = dict(fields)
        if suspended is not None and row is not None and suspended != (row.suspended_at is not None):
            changes["suspended_at"] = now_ms() if suspended else None
        changed = change(services, session, cliente_id, changes)
        subject = _SUBJECT.format(cliente_id)
        if "suspended_at" in changed:
            what = "tenant.suspend" if changes["suspended_at"] is not None else "tenant.resume"
            trail.note(session, who, what, cliente_id, subject)
        told = {name: changes[name] for name in changed if name != "suspended_at"}
        if told:
            trail.note(session, who, "tenant.change", cliente_id, subject, **told)
    announce(services, cliente_id)


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


def add_tenant(database: Database, cliente_id: int, who: str = trail.COMMAND_LINE) -> None:
    """Makes a tenant known; does nothing where it is."""
    with database.writing() as session:
        ensure_tenant(session, cliente_id, who)


def ensure_tenant(session: Session, cliente_id: int, who: str) -> None:
    """Makes a tenant known within the caller's transaction."""
    if session.get(Tenant, cliente_id) is None:
        session.add(Tenant(cliente_id=cliente_id, created_at=now_ms()))
        trail.note(session, who, "tenant.create", cliente_id, _SUBJECT.format(cliente_id))


def tenant_exists(database: Database, cliente_id: int) -> bool:
    """True where a user, a key or an admin's call created it."""
    with database.reading() as session:
        return session.get(Tenant, cliente_id) is not None


def tenants(database: Database) -> list[int]:
    """Every known tenant, in order."""
    with database.reading() as session:
        return list(session.scalars(select(Tenant.cliente_id).order_by(Tenant.cliente_id)))


def find(services: Services, cliente_id: int) -> dict[str, Any]:
    """What callers see of a tenant, as it stands. Raises SessionNotFound."""
    with services.database.reading() as session:
        row = session.get(Tenant, cliente_id)
        if row is None:
            raise SessionNotFound()
        return _to_object(row, services.settings)


def listed(services: Services, after: int, limit: int) -> list[dict[str, Any]]:
    """Tenants in order, those after one."""
    statement = select(Tenant).where(Tenant.cliente_id > after).order_by(Tenant.cliente_id).limit(limit)
    with services.database.reading() as session:
        return [_to_object(row, services.settings) for row in session.scalars(statement)]


def _to_object(row: Tenant, settings: Settings) -> dict[str, Any]:
    profile = effective(row, settings)
    return {
        "cliente_id": row.cliente_id,
        "name": profile.name,
        "country": profile.country,
        "timezone": profile.timezone,
        "daily_cap": profile.daily_cap,
        "language": profile.language,
        "allow_groups": profile.allow_groups,
        "suspended": profile.suspended_at is not None,
        "suspended_at": to_iso(profile.suspended_at),
        "created_at": to_iso(row.created_at),
    }
