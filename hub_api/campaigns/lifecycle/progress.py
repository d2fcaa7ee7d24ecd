"""How far a campaign is, why it waits, and when it will be done."""

from __future__ import annotations

import random
from typing import Any

from sqlalchemy.orm import Session

from hub_api.campaigns import counting
from hub_api.campaigns.models import CampaignRecord, ScheduleRecord
from hub_api.campaigns.planning import plan
from hub_api.campaigns.planning.forecast import expected_end
from hub_api.campaigns.planning.hours import day_number, local_day
from hub_api.campaigns.planning.plan import Wait, Why
from hub_api.campaigns.releasing.counters import read_counters
from hub_api.campaigns.schedules import service as schedules
from hub_api.campaigns.showing import brief
from hub_api.campaigns.tenants.service import rules as rules_in_force
from hub_api.campaigns.transitions import ENDED, OUT, CampaignState, RecipientState, ScheduleState
from hub_api.services import Services
from shared.instant import to_iso
from shared.texts import error_text

_S = RecipientState
_DETAILED = (_S.FAILED, _S.SKIPPED)


def counts(session: Session, key: int) -> dict[str, Any]:
    """Recipients by what became of them, as they were counted: nobody is looked at."""
    by_state: dict[int, int] = {}
    by_code: dict[int, dict[str, int]] = {int(state): {} for state in _DETAILED}
    for state, code, count in counting.of_campaign(session, key):
        by_state[state] = by_state.get(state, 0) + count
        if state in by_code:
            by_code[state][code] = count
    return {
        "total": sum(by_state.values()),
        "remaining": by_state.get(_S.PENDING, 0) + by_state.get(_S.RELEASED, 0),
        "released": by_state.get(_S.RELEASED, 0),
        "sent": sum(by_state.get(state, 0) for state in OUT),
        "delivered": by_state.get(_S.DELIVERED, 0) + by_state.get(_S.READ, 0),
        "read": by_state.get(_S.READ, 0),
        "failed": by_state.get(_S.FAILED, 0),
        "failed_by_code": by_code[_S.FAILED],
        "uncertain": by_state.get(_S.UNCERTAIN, 0),
        "skipped": by_state.get(_S.SKIPPED, 0),
        "skipped_by_code": by_code[_S.SKIPPED],
    }


def campaign_object(services: Services, session: Session, row: CampaignRecord, now_ms: int) -> dict[str, Any]:
    """A campaign with its progress and forecast."""
    found = counts(session, row.id)
    return {
        **brief(services.settings, session, row),
        "progress": found,
        "import": {"done": row.import_done, "total": row.import_total},
        **_forecast(services, session, row, found["remaining"], now_ms),
    }


def _forecast(services: Services, session: Session, row: CampaignRecord, remaining: int, now_ms: int) -> dict[str, Any]:
    nothing = {"waiting_for": None, "next_at": None, "expected_end": None}
    schedule = None if row.schedule is None else session.get(ScheduleRecord, row.schedule)
    if schedule is None or row.state in ENDED:
        return nothing
    rules = rules_in_force(session, row.cliente_id, services.settings)
    rule = schedules.rule_of(schedule, rules.timezone)
    day = day_number(local_day(rules.timezone, now_ms))
    counters = read_counters(services, {row.cliente_id: day}, now_ms)[row.cliente_id]
    planned = plan.Campaign(CampaignState(row.state), ScheduleState(schedule.state), rule, rules.switched_on)
    answer = plan.due(planned, now_ms, counters.shared, random.Random(0))
    tick_ms = round(services.settings.campaign_tick_seconds * 1000)
    end = expected_end(rule, now_ms, remaining, counters.shared.used_today, counters.shared.next_at_ms, tick_ms)
    waits = isinstance(answer, Wait)
    why = answer.why if isinstance(answer, Wait) else None
    code = "WHATSAPP_CHANGED" if why is Why.WHATSAPP_CHANGED else None
    shown = {} if code is None else {"reason_code": code, "reason": error_text(code, rules.language)}
    return {
        **shown,
        "waiting_for": None if why is None else why.value,
        "next_at": to_iso(answer.until_ms if isinstance(answer, Wait) else now_ms) if waits or remaining else None,
        "expected_end": to_iso(end),
    }
