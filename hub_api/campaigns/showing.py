"""A campaign as lists show it, and as callers are told of each change of its state."""

from __future__ import annotations

import json
from typing import Any, cast

from sqlalchemy.orm import Session

from hub_api.accounts.tenants import profiles
from hub_api.campaigns.models import CampaignRecord, ScheduleRecord
from hub_api.campaigns.transitions import CampaignState
from hub_api.public_events import pending
from hub_api.public_events.envelope import Change
from hub_api.public_events.types import PublicEventType
from shared.instant import now_ms, to_iso
from shared.ledger.content_object import content_object
from shared.protocol.content import Content
from shared.settings import Settings
from shared.texts import error_text


def brief(settings: Settings, session: Session, row: CampaignRecord) -> dict[str, Any]:
    """A campaign without its progress."""
    schedule = None if row.schedule is None else session.get(ScheduleRecord, row.schedule)
    reason = None
    if row.reason and row.state == CampaignState.PAUSADA.value:
        reason = error_text(row.reason, profiles.read(session, row.cliente_id, settings).language)
    return {
        "campaign_id": row.campaign_id,
        "cliente_id": row.cliente_id,
        "name": row.name,
        "state": row.state,
        "reason_code": row.reason if reason is not None else None,
        "reason": reason,
        "templates": json.loads(row.templates),
        "columns": json.loads(row.columns),
        "media": _media(row),
        "schedule_id": None if schedule is None else schedule.schedule_id,
        "schedule_state": None if schedule is None else schedule.state,
        "created_at": to_iso(row.created_at),
        "created_by": row.created_by,
        "started_at": to_iso(row.started_at),
        "finished_at": to_iso(row.finished_at),
    }


def _media(row: CampaignRecord) -> dict[str, Any] | None:
    shown = content_object(Content.from_text(row.content))
    return None if row.content is None else {"type": shown["type"], **cast("dict[str, Any]", shown["media"])}


def tell_state(settings: Settings, session: Session, row: CampaignRecord) -> None:
    """Has callers told of a campaign's new state, within the transaction that changes it; its row is as it will be."""
    data = brief(settings, session, row)
    pending.note(session, Change(row.cliente_id, PublicEventType.CAMPAIGN_STATUS, now_ms(), data))
