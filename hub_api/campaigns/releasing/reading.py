"""What a tick reads: the running campaigns, and the next recipient of each by an index."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ScalarSelect, and_, exists, or_, select
from sqlalchemy.orm import aliased

from hub_api.accounts.models import Tenant
from hub_api.accounts.tenants.profiles import effective
from hub_api.campaigns.models import (
    ALL_TENANTS,
    CampaignRecord,
    CampaignTenant,
    NotOnWhatsApp,
    RecipientRecord,
    ScheduleRecord,
)
from hub_api.campaigns.planning import plan
from hub_api.campaigns.planning.round import Due, NextRecipient, RunningCampaign
from hub_api.campaigns.recipients.message import text_for
from hub_api.campaigns.schedules.service import rule_of
from hub_api.campaigns.tenants.service import rules_of
from hub_api.campaigns.transitions import CampaignState, RecipientState, ScheduleState
from hub_api.database import Database
from hub_api.principal import TenantProfile
from shared.settings import Settings

_UNKNOWN_FOR_MS = 30 * 86_400_000  # so long a number is taken for not being on WhatsApp
_IN_PROGRESS = CampaignRecord.state == CampaignState.EN_PROGRESO.value


def running_campaigns(database: Database, settings: Settings) -> list[RunningCampaign]:
    """All of them; within a tenant the one that waits longest for its turn comes first."""
    statement = (
        select(CampaignRecord, ScheduleRecord, Tenant, CampaignTenant)
        .join(ScheduleRecord, ScheduleRecord.id == CampaignRecord.schedule)
        .outerjoin(Tenant, Tenant.cliente_id == CampaignRecord.cliente_id)
        .outerjoin(CampaignTenant, CampaignTenant.cliente_id == CampaignRecord.cliente_id)
        .where(_IN_PROGRESS)
        .order_by(CampaignRecord.released_at, CampaignRecord.id)
    )
    with database.reading() as session:
        everybody = session.get(CampaignTenant, ALL_TENANTS)
        return [
            _running(campaign, schedule, effective(tenant, settings), own, everybody, settings)
            for campaign, schedule, tenant, own in session.execute(statement)
        ]


def next_recipients(database: Database, due: Sequence[Due], now_ms: int) -> dict[int, NextRecipient]:
    """The first pending recipient of each campaign that has one, by the campaign's key, in one query."""
    statement = (
        select(
            RecipientRecord.id,
            RecipientRecord.campaign,
            RecipientRecord.number,
            RecipientRecord.values,
            RecipientRecord.turn,
            NotOnWhatsApp.at.label("unknown_at"),
        )
        .select_from(CampaignRecord)
        .join(RecipientRecord, RecipientRecord.id == _first_pending())
        .outerjoin(
            NotOnWhatsApp,
            and_(
                NotOnWhatsApp.recipient_key == RecipientRecord.recipient_key,
                NotOnWhatsApp.cliente_id == CampaignRecord.cliente_id,
                NotOnWhatsApp.at > now_ms - _UNKNOWN_FOR_MS,
            ),
        )
        .where(CampaignRecord.id.in_([one.campaign.key for one in due]))
    )
    campaigns = {one.campaign.key: one.campaign for one in due}
    with database.reading() as session:
        return {
            row.campaign: NextRecipient(
                row.id, row.number, row.turn, text_for(campaigns[row.campaign], row), row.unknown_at is not None
            )
            for row in session.execute(statement)
        }


def without_anybody(database: Database, going_on: set[int]) -> list[int]:
    """Keys of running campaigns without anybody left. going_on: keys of those that are known to have somebody."""
    not_final = [
        exists().where(RecipientRecord.campaign == CampaignRecord.id, RecipientRecord.state == int(state))
        for state in (RecipientState.PENDING, RecipientState.RELEASED)
    ]
    with database.reading() as session:
        asked = set(session.scalars(select(CampaignRecord.id).where(_IN_PROGRESS))) - going_on
        if not asked:
            return []
        done = select(CampaignRecord.id).where(CampaignRecord.id.in_(asked), _IN_PROGRESS, ~or_(*not_final))
        return list(session.scalars(done))


def _running(
    campaign: CampaignRecord,
    schedule: ScheduleRecord,
    profile: TenantProfile,
    own: CampaignTenant | None,
    everybody: CampaignTenant | None,
    settings: Settings,
) -> RunningCampaign:
    rules = rules_of(profile, own, everybody, settings)
    rule = rule_of(schedule, rules.timezone)
    return RunningCampaign(
        key=campaign.id,
        campaign_id=campaign.campaign_id,
        cliente_id=campaign.cliente_id,
        templates=campaign.templates,
        columns=campaign.columns,
        planned=plan.Campaign(CampaignState(campaign.state), ScheduleState(schedule.state), rule, rules.switched_on),
        held=rules.held_code is not None or profile.suspended_at is not None,
        content=campaign.content,
    )


def _first_pending() -> ScalarSelect[int]:
    inner = aliased(RecipientRecord)
    return (
        select(inner.id)
        .where(
            inner.campaign == CampaignRecord.id,
            inner.state == int(RecipientState.PENDING),
            # Not the one whose release is not recorded yet.
            or_(
                CampaignRecord.released_recipient.is_(None),
                inner.id != CampaignRecord.released_recipient,
                inner.turn != CampaignRecord.released_turn,
            ),
        )
        .order_by(inner.position)
        .limit(1)
        .correlate(CampaignRecord)
        .scalar_subquery()
    )
