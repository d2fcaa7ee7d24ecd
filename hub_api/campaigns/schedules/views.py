"""Schedules (programaciones) over REST: the tenant asks, an admin decides."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail as audit
from hub_api.campaigns.bodies import PageQuery
from hub_api.campaigns.models import ScheduleRecord
from hub_api.campaigns.objects import AuditList
from hub_api.campaigns.planning.hours import local_day
from hub_api.campaigns.schedules import service as schedules
from hub_api.campaigns.schedules.bodies import (
    CommentBody,
    DecisionBody,
    ScheduleBody,
    SchedulePath,
    SchedulesQuery,
    clock_minute,
)
from hub_api.campaigns.schedules.objects import ScheduleList, ScheduleObject
from hub_api.campaigns.tenants.service import rules
from hub_api.campaigns.transitions import ScheduleAction
from hub_api.campaigns.web import CHANGE_OF_STATE, COMMON
from hub_api.web import callers
from hub_api.web.answers import listed, succeeded
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.inputs import Body
from hub_api.web.tenant import named, named_or_all
from shared.errors import NotFound, ValidationFailed
from shared.instant import now_ms

blueprint = Blueprint("schedules", __name__, url_prefix="/api/schedules", abp_tags=[Tag(name="schedules")])
_ONE = "/<string:schedule_id>"


def _found(call: Call, session: Session, schedule_id: str) -> ScheduleRecord:
    row = schedules.find(session, schedule_id)
    if call.cliente_id not in (0, row.cliente_id):
        raise NotFound()
    return row


def _answer(call: Call, schedule_id: str, status: int = 200) -> Response:
    with call.services.database.reading() as session:
        row = _found(call, session, schedule_id)
        timezone = rules(session, row.cliente_id, call.services.settings).timezone
        return succeeded({**schedules.to_object(row, timezone), "comments": schedules.comments(session, row)}, status)


def _key(call: Call, schedule_id: str) -> tuple[int, int]:
    with call.services.database.reading() as session:
        row = _found(call, session, schedule_id)
        return row.id, row.cliente_id


def _fields(call: Call, cliente_id: int, body: ScheduleBody) -> dict[str, Any]:
    settings = call.services.settings
    least = settings.send_delay_min_seconds if body.delay_min_seconds is None else body.delay_min_seconds
    most = max(least, settings.send_delay_max_seconds) if body.delay_max_seconds is None else body.delay_max_seconds
    if least > most:
        raise ValidationFailed(details={"delay_max_seconds": f"below delay_min_seconds, which is {least:g}"})
    since = None
    if body.warmup is not None:
        with call.services.database.reading() as session:
            timezone = rules(session, cliente_id, settings).timezone
        since = body.warmup.since or local_day(timezone, now_ms()).isoformat()
    return {
        "name": body.name,
        "weekdays": "".join(str(day) for day in sorted(set(body.weekdays))),
        "start_minute": clock_minute(body.start),
        "end_minute": clock_minute(body.end),
        "first_day": body.first_day,
        "last_day": body.last_day,
        "daily_quota": body.daily_quota,
        "delay_min_ms": round(least * 1000),
        "delay_max_ms": round(most * 1000),
        "warmup_first": None if body.warmup is None else body.warmup.first,
        "warmup_step": None if body.warmup is None else body.warmup.step,
        "warmup_since": since,
    }


@blueprint.post("", summary="New schedule", responses={201: ScheduleObject, **CHANGE_OF_STATE})
@endpoint(named, command="schedule create")
def create(call: Call, body: ScheduleBody) -> Response:
    """`pendiente` until an admin approves it. Hours are of the tenant's time zone."""
    fields = _fields(call, call.cliente_id, body)
    made = schedules.create(call.services.database, call.cliente_id, call.caller.name, fields, body.comment)
    return _answer(call, made, 201)


@blueprint.get("", summary="Schedules", responses={200: ScheduleList, **COMMON})
@endpoint(named_or_all)
def list_schedules(call: Call, query: SchedulesQuery) -> Response:
    """A tenant's; an admin who names none sees all, e.g. `?state=pendiente`."""
    after = 0 if query.cursor is None else read_cursor(query.cursor)[0]
    rows = schedules.listed(call.services.database, call.cliente_id or None, query.state, after, query.limit + 1)
    following = write_cursor(rows[query.limit - 1].id, "s") if len(rows) > query.limit else None
    with call.services.database.reading() as session:
        zones = {row.cliente_id: rules(session, row.cliente_id, call.services.settings).timezone for row in rows}
    return listed([schedules.to_object(row, zones[row.cliente_id]) for row in rows[: query.limit]], following)


@blueprint.get(_ONE, summary="One schedule", responses={200: ScheduleObject, **COMMON})
@endpoint(named_or_all)
def read(call: Call, path: SchedulePath) -> Response:
    """With its comments."""
    return _answer(call, path.schedule_id)


@blueprint.put(_ONE, summary="Edit a schedule", responses={200: ScheduleObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, command="schedule edit")
def edit(call: Call, path: SchedulePath, body: ScheduleBody) -> Response:
    """It is `pendiente` again afterwards, and its campaigns wait."""
    key, cliente_id = _key(call, path.schedule_id)
    schedules.edit(call.services, key, call.caller.name, _fields(call, cliente_id, body))
    if body.comment:
        schedules.comment_on(call.services.database, key, call.caller.name, body.comment)
    return _answer(call, path.schedule_id)


def _act(call: Call, schedule_id: str, action: ScheduleAction, comment: str | None) -> Response:
    key, _ = _key(call, schedule_id)
    schedules.act(call.services, key, action, call.caller.name, comment)
    return _answer(call, schedule_id)


@blueprint.post(f"{_ONE}/approve", summary="Approve", responses={200: ScheduleObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, who=callers.admin, body=Body(optional=True), command="schedule approve")
def approve(call: Call, path: SchedulePath, body: DecisionBody) -> Response:
    """→ `aprobada`; by an admin."""
    return _act(call, path.schedule_id, ScheduleAction.APPROVE, body.comment)


@blueprint.post(f"{_ONE}/reject", summary="Reject", responses={200: ScheduleObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, who=callers.admin, body=Body(optional=True), command="schedule reject")
def reject(call: Call, path: SchedulePath, body: DecisionBody) -> Response:
    """→ `rechazada`; by an admin."""
    return _act(call, path.schedule_id, ScheduleAction.REJECT, body.comment)


@blueprint.post(f"{_ONE}/pause", summary="Pause", responses={200: ScheduleObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, body=Body(optional=True), command="schedule pause")
def pause(call: Call, path: SchedulePath, body: DecisionBody) -> Response:
    """→ `pausada`; what was released under it is revoked."""
    return _act(call, path.schedule_id, ScheduleAction.PAUSE, body.comment)


@blueprint.post(f"{_ONE}/comments", summary="Comment", responses={201: ScheduleObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, command="schedule comment")
def comment(call: Call, path: SchedulePath, body: CommentBody) -> Response:
    """By either side, in any state."""
    key, _ = _key(call, path.schedule_id)
    schedules.comment_on(call.services.database, key, call.caller.name, body.comment)
    return _answer(call, path.schedule_id, 201)


@blueprint.get(f"{_ONE}/audit", summary="Who did what", responses={200: AuditList, **COMMON})
@endpoint(named_or_all)
def read_audit(call: Call, path: SchedulePath, query: PageQuery) -> Response:
    """Newest first."""
    _key(call, path.schedule_id)
    return listed(audit.of_subject(call.services.database, path.schedule_id, query.limit), None)
