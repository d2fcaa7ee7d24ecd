"""Schedules as kept: made and edited by the tenant, approved or refused by an admin, with comments by both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail as audit
from hub_api.campaigns.models import CampaignRecord, ScheduleComment, ScheduleRecord
from hub_api.campaigns.planning.hours import Schedule, Warmup
from hub_api.campaigns.state_changes import move_schedule
from hub_api.campaigns.stop_versions import StopVersions
from hub_api.campaigns.transitions import CampaignState, ScheduleAction, ScheduleState
from hub_api.database import Database
from hub_api.services import Services
from shared.errors import NotFound
from shared.instant import now_ms, to_iso
from shared.ledger.message import new_message_id


def create(database: Database, cliente_id: int, who: str, fields: Mapping[str, Any], comment: str | None) -> str:
    """Keeps a new schedule, `pendiente`, and returns its id. fields: columns, validated."""
    now = now_ms()
    with database.writing() as session:
        row = ScheduleRecord(
            schedule_id=new_message_id(),
            cliente_id=cliente_id,
            state=ScheduleState.PENDIENTE.value,
            created_at=now,
            updated_at=now,
            **fields,
        )
        session.add(row)
        session.flush()
        _comment(session, row, who, comment)
        audit.note(session, who, "schedule.create", cliente_id, row.schedule_id)
        return row.schedule_id


def edit(services: Services, found: int, who: str, fields: Mapping[str, Any]) -> None:
    """Changes a schedule, which needs an admin's approval again; what was released under it is revoked."""
    with services.database.writing() as session:
        row = _locked(session, found)
        for name, value in fields.items():
            setattr(row, name, value)
        _move(session, services, row, ScheduleAction.EDIT, who)


def act(services: Services, found: int, action: ScheduleAction, who: str, comment: str | None) -> None:
    """Approves, rejects or pauses. Raises InvalidState."""
    with services.database.writing() as session:
        row = _locked(session, found)
        _comment(session, row, who, comment)
        _move(session, services, row, action, who)


def comment_on(database: Database, found: int, who: str, text: str) -> None:
    """Adds a comment, in any state."""
    with database.writing() as session:
        row = _locked(session, found)
        _comment(session, row, who, text)
        audit.note(session, who, "schedule.comment", row.cliente_id, row.schedule_id)


def find(session: Session, schedule_id: str) -> ScheduleRecord:
    """Raises NotFound."""
    row = session.scalar(select(ScheduleRecord).where(ScheduleRecord.schedule_id == schedule_id))
    if row is None:
        raise NotFound()
    return row


def listed(
    database: Database, cliente_id: int | None, state: str | None, after: int, limit: int
) -> list[ScheduleRecord]:
    """Schedules in order of their making, after a key; cliente_id None: of all tenants."""
    statement = select(ScheduleRecord).where(ScheduleRecord.id > after)
    if cliente_id is not None:
        statement = statement.where(ScheduleRecord.cliente_id == cliente_id)
    if state is not None:
        statement = statement.where(ScheduleRecord.state == state)
    with database.reading() as session:
        return list(session.scalars(statement.order_by(ScheduleRecord.id).limit(limit)))


def comments(session: Session, row: ScheduleRecord) -> list[dict[str, Any]]:
    """Oldest first."""
    statement = select(ScheduleComment).where(ScheduleComment.schedule == row.id).order_by(ScheduleComment.id)
    return [{"at": to_iso(one.at), "who": one.who, "text": one.text} for one in session.scalars(statement)]


def rule_of(row: Any, timezone: str) -> Schedule:
    """The pure schedule behind a row, or behind anything with its columns."""
    warmup = None
    if row.warmup_first is not None and row.warmup_since is not None:
        warmup = Warmup(row.warmup_first, row.warmup_step or 0, date.fromisoformat(row.warmup_since))
    return Schedule(
        timezone,
        frozenset(int(digit) for digit in row.weekdays),
        row.start_minute,
        row.end_minute,
        None if row.first_day is None else date.fromisoformat(row.first_day),
        None if row.last_day is None else date.fromisoformat(row.last_day),
        row.daily_quota,
        row.delay_min_ms,
        row.delay_max_ms,
        warmup,
    )


def to_object(row: ScheduleRecord, timezone: str) -> dict[str, Any]:
    """What callers see."""
    return {
        "schedule_id": row.schedule_id,
        "cliente_id": row.cliente_id,
        "name": row.name,
        "state": row.state,
        "timezone": timezone,
        "weekdays": [int(digit) for digit in row.weekdays],
        "start": clock(row.start_minute),
        "end": clock(row.end_minute),
        "first_day": row.first_day,
        "last_day": row.last_day,
        "daily_quota": row.daily_quota,
        "delay_min_seconds": row.delay_min_ms / 1000,
        "delay_max_seconds": row.delay_max_ms / 1000,
        "warmup": None
        if row.warmup_first is None
        else {"first": row.warmup_first, "step": row.warmup_step, "since": row.warmup_since},
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def clock(minute: int) -> str:
    """540 → `09:00`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _move(session: Session, services: Services, row: ScheduleRecord, action: ScheduleAction, who: str) -> None:
    after = move_schedule(row, action)
    row.updated_at = now_ms()
    audit.note(session, who, f"schedule.{action}", row.cliente_id, row.schedule_id, state=after.value)
    if after is not ScheduleState.APROBADA:
        campaigns = (CampaignRecord.schedule == row.id) & (CampaignRecord.state == CampaignState.EN_PROGRESO.value)
        stopped = session.scalars(select(CampaignRecord.campaign_id).where(campaigns))
        StopVersions(services.client, services.keys).stop(stopped)
        session.execute(update(CampaignRecord).where(campaigns).values(to_revoke=True))


def _locked(session: Session, found: int) -> ScheduleRecord:
    row = session.get(ScheduleRecord, found, with_for_update=True)
    if row is None:
        raise NotFound()
    return row


def _comment(session: Session, row: ScheduleRecord, who: str, text: str | None) -> None:
    if text:
        session.add(ScheduleComment(schedule=row.id, at=now_ms(), who=who, text=text))
