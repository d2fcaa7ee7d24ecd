"""What callers get of schedules, for the document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from hub_api.campaigns.objects import ScheduleStateName


class ScheduleFields(BaseModel):
    schedule_id: str
    cliente_id: int
    name: str
    state: ScheduleStateName
    timezone: str
    weekdays: list[int]
    start: str
    end: str
    first_day: str | None
    last_day: str | None
    daily_quota: int | None
    delay_min_seconds: float
    delay_max_seconds: float
    warmup: dict[str, Any] | None
    created_at: str | None
    updated_at: str | None


class ScheduleComments(BaseModel):
    at: str | None
    who: str
    text: str


class ScheduleObject(ScheduleFields):
    ok: Literal[True]
    comments: list[ScheduleComments]


class ScheduleList(BaseModel):
    ok: Literal[True]
    items: list[ScheduleFields]
    next: str | None
