"""What holds for a tenant: its own country, time zone, daily cap and language, else the installation's.

The one place where anybody learns it: within a transaction by `read`, elsewhere by `profile_of`, which is remembered.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy.orm import Session

from hub_api.accounts.models import Tenant
from hub_api.principal import TenantProfile
from hub_api.services import Services
from shared.errors import TenantSuspended
from shared.settings import Settings
from shared.texts import Language

_KIND = "profile"


def profile_of(services: Services, cliente_id: int) -> TenantProfile:
    """The profile, at most seconds old. Raises sqlalchemy.exc.SQLAlchemyError."""

    def look() -> TenantProfile:
        with services.database.reading() as session:
            return read(session, cliente_id, services.settings)

    found = services.remembered.get(_KIND, cliente_id, look)
    assert found is not None  # `look` always finds one
    return found


def require_active(services: Services, cliente_id: int) -> TenantProfile:
    """The profile of a tenant that may send and start sessions. Raises TenantSuspended."""
    found = profile_of(services, cliente_id)
    if found.suspended_at is not None:
        raise TenantSuspended()
    return found


def read(session: Session, cliente_id: int, settings: Settings) -> TenantProfile:
    """The profile as it stands, within the caller's transaction."""
    return effective(session.get(Tenant, cliente_id), settings)


def effective(row: Tenant | None, settings: Settings) -> TenantProfile:
    """The same from a row that was read already."""
    if row is None:
        row = Tenant()
    return TenantProfile(
        name=row.name,
        country=row.country or settings.default_country,
        timezone=row.timezone or settings.default_timezone,
        daily_cap=settings.send_daily_cap if row.daily_cap is None else row.daily_cap,
        language=cast(Language, row.language or settings.language),
        suspended_at=row.suspended_at,
        allow_groups=bool(row.allow_groups),
    )
