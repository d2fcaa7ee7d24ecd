"""Keywords and answer of a tenant, the run-time switches, and the guard's hold; zone and country are its profile's."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail as audit
from hub_api.accounts.tenants import service as profiles
from hub_api.accounts.tenants.profiles import read
from hub_api.campaigns.models import ALL_TENANTS, CampaignRecord, CampaignTenant
from hub_api.campaigns.showing import tell_state
from hub_api.campaigns.state_changes import move_campaigns
from hub_api.campaigns.stop_versions import StopVersions
from hub_api.campaigns.transitions import CampaignAction, CampaignState
from hub_api.principal import TenantProfile
from hub_api.services import Services
from shared.errors import InvalidState
from shared.instant import now_ms, to_iso
from shared.settings import Settings
from shared.texts import Language, error_text

DEFAULT_KEYWORDS = ("BAJA", "STOP")
OF_PROFILE = ("timezone", "country")  # kept with the tenant


@dataclass(frozen=True, slots=True)
class TenantRules:
    """As they are in force: what the tenant did not say is the installation's."""

    timezone: str
    country: str
    language: Language
    keywords: tuple[str, ...]
    answer: str
    switched_on: bool  # both switches, the installation's and the tenant's
    held_code: str | None
    held_at: int | None

    def to_object(self, cliente_id: int) -> dict[str, Any]:
        """What callers see."""
        return {
            "cliente_id": cliente_id,
            "timezone": self.timezone,
            "country": self.country,
            "optout_keywords": list(self.keywords),
            "optout_answer": self.answer,
            "enabled": self.switched_on,
            "held": self.held_code is not None,
            "held_code": self.held_code,
            "held_reason": error_text(self.held_code, self.language) if self.held_code else None,
            "held_at": to_iso(self.held_at),
        }


def rules(session: Session, cliente_id: int, settings: Settings) -> TenantRules:
    """The rules in force for a tenant."""
    profile = read(session, cliente_id, settings)
    own, everybody = session.get(CampaignTenant, cliente_id), session.get(CampaignTenant, ALL_TENANTS)
    return rules_of(profile, own, everybody, settings)


def rules_of(
    profile: TenantProfile, own: CampaignTenant | None, everybody: CampaignTenant | None, settings: Settings
) -> TenantRules:
    """The same from rows that were read already."""
    installation = everybody.switched_on if everybody is not None and everybody.switched_on is not None else None
    on = settings.auto_campaigns_enabled if installation is None else installation
    return TenantRules(
        timezone=profile.timezone,
        country=profile.country,
        language=profile.language,
        keywords=tuple(json.loads(own.keywords)) if own is not None and own.keywords else DEFAULT_KEYWORDS,
        answer=(own and own.answer) or error_text("OPTOUT_ANSWER", profile.language),
        switched_on=on and (own is None or own.switched_on is not False),
        held_code=own.held_code if own is not None else None,
        held_at=own.held_at if own is not None else None,
    )


def row_for_change(session: Session, cliente_id: int) -> CampaignTenant:
    """The tenant's row, made where there is none."""
    row = session.get(CampaignTenant, cliente_id, with_for_update=True)
    if row is None:
        row = CampaignTenant(cliente_id=cliente_id, outcomes="")
        session.add(row)
        session.flush()
    return row


def change(services: Services, cliente_id: int, who: str, changes: dict[str, Any]) -> None:
    """Changes a tenant's rules, and what of its profile is among them."""
    of_profile = {name: value for name, value in changes.items() if name in OF_PROFILE}
    with services.database.writing() as session:
        profiles.change(services, session, cliente_id, of_profile)
        row = row_for_change(session, cliente_id)
        for name in changes.keys() - of_profile.keys():
            value = changes[name]
            setattr(row, name, json.dumps(value) if name == "keywords" and value is not None else value)
        audit.note(session, who, "campaigns.settings", cliente_id, f"tenant {cliente_id}", changed=sorted(changes))
    profiles.announce(services, cliente_id)


def follow_profile(services: Services, session: Session, cliente_id: int, changed: Collection[str]) -> None:
    """What was released under an old time zone is revoked."""
    if "timezone" in changed:
        _stop(session, services, cliente_id)


def switch(services: Services, cliente_id: int, who: str, enabled: bool) -> None:
    """Turns campaigns on or off while everything runs. cliente_id: ALL_TENANTS or one."""
    with services.database.writing() as session:
        row_for_change(session, cliente_id).switched_on = enabled
        audit.note(session, who, "campaigns.switch", cliente_id or None, f"tenant {cliente_id}", enabled=enabled)
        if not enabled:
            _stop(session, services, cliente_id)


def hold(
    settings: Settings, session: Session, stop_versions: StopVersions, cliente_id: int, code: str, at_ms: int
) -> None:
    """The guard stops a tenant's campaigns, within the caller's transaction; a person must lift it."""
    row = row_for_change(session, cliente_id)
    if row.held_code is not None:
        return
    row.held_code, row.held_at = code, at_ms
    stop_versions.stop_tenant(cliente_id)
    of_tenant = CampaignRecord.cliente_id == cliente_id
    _move_all(settings, session, CampaignAction.HOLD, of_tenant, reason=code, to_revoke=True)
    audit.note(session, audit.GUARD, "campaigns.hold", cliente_id, f"tenant {cliente_id}", code=code)


def hold_now(services: Services, stop_versions: StopVersions, cliente_id: int, code: str) -> None:
    """As `hold`, in a transaction of its own."""
    with services.database.writing() as session:
        hold(services.settings, session, stop_versions, cliente_id, code, now_ms())


def lift(services: Services, cliente_id: int, who: str) -> int:
    """A person lifts the hold: the campaigns it paused go on. Returns how many. Raises InvalidState."""
    with services.database.writing() as session:
        row = row_for_change(session, cliente_id)
        if row.held_code is None:
            raise InvalidState(details={"hold": "there is none"})
        paused_by_it = (CampaignRecord.cliente_id == cliente_id) & (CampaignRecord.reason == row.held_code)
        resumed = _move_all(services.settings, session, CampaignAction.LIFT, paused_by_it, reason=None)
        audit.note(session, who, "campaigns.lift", cliente_id, f"tenant {cliente_id}", code=row.held_code)
        row.held_code, row.held_at, row.outcomes = None, None, ""
        return resumed


def require_not_held(session: Session, cliente_id: int, settings: Settings) -> None:
    """Raises InvalidState while the guard holds the tenant's campaigns."""
    found = rules(session, cliente_id, settings)
    if found.held_code is not None:
        raise InvalidState(
            error_text(found.held_code, found.language), details={"held": found.held_code, "lift": "DELETE …/hold"}
        )


def _move_all(
    settings: Settings, session: Session, action: CampaignAction, which: ColumnElement[bool], **values: Any
) -> int:
    """Moves those of a tenant's campaigns that the action is allowed for, and tells of each. Returns how many."""
    moved = move_campaigns(session, action, which, **values)
    for row in moved:
        tell_state(settings, session, row)
    return len(moved)


def _stop(session: Session, services: Services, cliente_id: int) -> None:
    """Releases decided until now are worthless; what a tenant's (or everybody's) running campaigns released is marked
    to be revoked by the next tick."""
    versions = StopVersions(services.client, services.keys)
    statement = update(CampaignRecord).where(CampaignRecord.state == CampaignState.EN_PROGRESO.value)
    if cliente_id == ALL_TENANTS:
        versions.stop_all()
    else:
        versions.stop_tenant(cliente_id)
        statement = statement.where(CampaignRecord.cliente_id == cliente_id)
    session.execute(statement.values(to_revoke=True))
