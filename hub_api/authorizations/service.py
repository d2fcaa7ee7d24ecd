"""Whether a tenant may pair a phone, and what follows: whoever may not is handed no code, by no call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub_api.accounts.audit import trail
from hub_api.accounts.tenants.service import ensure_tenant
from hub_api.authorizations.models import QrAuthorization
from hub_api.database import Database
from hub_api.principal import Principal
from shared.errors import QrNotAuthorized
from shared.instant import now_ms, to_iso


@dataclass(frozen=True, slots=True)
class Authorization:
    """What an admin put on record. expires_at_ms: from when an enabled one no longer allows."""

    enabled: bool
    expires_at_ms: int | None

    def allows(self, now: int) -> bool:
        """True where a phone may be paired at `now`, in milliseconds."""
        return self.enabled and (self.expires_at_ms is None or now < self.expires_at_ms)


def may_scan(database: Database, caller: Principal, cliente_id: int) -> bool:
    """True where a caller may see the code of a tenant's session: an admin always; none on record means allowed."""
    return caller.is_admin or tenant_may_scan(database, cliente_id, now_ms())


def tenant_may_scan(database: Database, cliente_id: int, now: int) -> bool:
    """True where the tenant itself may see the code of its session at `now`, in milliseconds."""
    found = read(database, cliente_id)
    return found is None or found.allows(now)


def require(database: Database, caller: Principal, cliente_id: int) -> None:
    """Raises QrNotAuthorized where the caller may not see the code."""
    if not may_scan(database, caller, cliente_id):
        raise QrNotAuthorized()


def read(database: Database, cliente_id: int) -> Authorization | None:
    """What is on record."""
    with database.reading() as session:
        row = session.get(QrAuthorization, cliente_id)
        return None if row is None else Authorization(row.enabled, row.expires_at)


def put(database: Database, cliente_id: int, wanted: Authorization, who: str) -> None:
    """Puts it on record, and makes the tenant known: this is the call by which an admin creates one."""
    now = now_ms()
    with database.writing() as session:
        ensure_tenant(session, cliente_id, who)
        session.merge(
            QrAuthorization(
                cliente_id=cliente_id,
                enabled=wanted.enabled,
                expires_at=wanted.expires_at_ms,
                updated_at=now,
                updated_by=who,
            )
        )
        details = {"enabled": wanted.enabled, "expires_at": to_iso(wanted.expires_at_ms)}
        trail.note(session, who, "qr_authorization.put", cliente_id, f"tenant {cliente_id}", **details)


def remove(database: Database, cliente_id: int, who: str) -> None:
    """Takes it off the record: pairing is allowed again."""
    with database.writing() as session:
        row = session.get(QrAuthorization, cliente_id)
        if row is not None:
            session.delete(row)
            trail.note(session, who, "qr_authorization.delete", cliente_id, f"tenant {cliente_id}")


def to_object(cliente_id: int, found: Authorization | None, now: int) -> dict[str, Any]:
    """What callers see. recorded: false where none stands and pairing is therefore allowed."""
    return {
        "cliente_id": cliente_id,
        "enabled": found is None or found.enabled,
        "expires_at": None if found is None else to_iso(found.expires_at_ms),
        "allowed": found is None or found.allows(now),
        "recorded": found is not None,
    }
