"""What callers get of campaigns, schedules and opt-outs, for the document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

CampaignStateName = Literal["pendiente", "en_progreso", "finalizado", "pausada", "cancelada"]
ScheduleStateName = Literal["pendiente", "aprobada", "rechazada", "pausada"]
RecipientStateName = Literal["pending", "released", "sent", "delivered", "read", "failed", "uncertain", "skipped"]


class CampaignFields(BaseModel):
    campaign_id: str
    cliente_id: int
    name: str
    state: CampaignStateName
    reason_code: str | None
    reason: str | None = Field(description="Why it is paused, for a person")
    templates: list[str]
    columns: list[str]
    schedule_id: str | None
    schedule_state: ScheduleStateName | None
    created_at: str | None
    created_by: str
    started_at: str | None
    finished_at: str | None


class Progress(BaseModel):
    total: int
    remaining: int
    released: int
    sent: int = Field(description="Delivered and read ones included")
    delivered: int
    read: int
    failed: int
    failed_by_code: dict[str, int]
    uncertain: int
    skipped: int
    skipped_by_code: dict[str, int]


class ImportProgress(BaseModel):
    done: int
    total: int


class CampaignObject(CampaignFields):
    ok: Literal[True]
    progress: Progress
    import_: ImportProgress = Field(alias="import")
    waiting_for: str | None = Field(description="Why nothing is released just now")
    next_at: str | None
    expected_end: str | None
    put_back: int | None = None


class CampaignList(BaseModel):
    ok: Literal[True]
    items: list[CampaignFields]
    next: str | None


class SheetFault(BaseModel):
    line: int
    column: str | None
    error: str
    message: str


class RenderedMessage(BaseModel):
    number: str
    variables: dict[str, str]
    message: str | None
    problem: str | None


class ImportOutcome(BaseModel):
    ok: Literal[True]
    rows: int
    good: int
    merged: int
    rejected: int
    columns: list[str]
    errors: list[SheetFault]
    preview: list[RenderedMessage] | None = None
    added: int | None = None
    known: int | None = Field(default=None, description="Numbers that the campaign had already")


class RecipientFields(BaseModel):
    recipient_id: int
    number: str
    state: RecipientStateName
    error: str | None
    error_message: str | None
    variables: dict[str, str]
    message_id: str | None
    released_at: str | None
    sent_at: str | None
    delivered_at: str | None
    read_at: str | None


class RecipientList(BaseModel):
    ok: Literal[True]
    items: list[RecipientFields]
    next: str | None


class RecipientPreview(RenderedMessage):
    ok: Literal[True]


class AuditFields(BaseModel):
    at: str | None
    who: str
    what: str
    details: dict[str, Any]


class AuditList(BaseModel):
    ok: Literal[True]
    items: list[AuditFields]
    next: str | None


class TenantCampaignSettings(BaseModel):
    ok: Literal[True]
    cliente_id: int
    timezone: str
    country: str
    optout_keywords: list[str]
    optout_answer: str
    enabled: bool
    held: bool
    held_code: str | None
    held_reason: str | None
    held_at: str | None
    resumed: int | None = None


class SwitchState(BaseModel):
    ok: Literal[True]
    cliente_id: int | None = Field(description="Null: the whole installation")
    enabled: bool


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


class OptOutFields(BaseModel):
    number: str
    at: str | None
    source: Literal["keyword", "person"]
    who: str
    note: str | None


class OptOutList(BaseModel):
    ok: Literal[True]
    items: list[OptOutFields]
    next: str | None


class OptOutsAdded(BaseModel):
    ok: Literal[True]
    added: int
    numbers: list[str]


class Done(BaseModel):
    ok: Literal[True]
