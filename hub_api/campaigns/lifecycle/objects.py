"""What callers get of a campaign itself, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hub_api.campaigns.objects import ScheduleStateName
from hub_api.messages.objects import SentMedia

CampaignStateName = Literal["pendiente", "en_progreso", "finalizado", "pausada", "cancelada"]


class CampaignFile(SentMedia):
    type: Literal["image", "video", "document"]


class CampaignFields(BaseModel):
    campaign_id: str
    cliente_id: int
    name: str
    state: CampaignStateName
    reason_code: str | None
    reason: str | None = Field(description="Why it is paused, for a person")
    templates: list[str]
    columns: list[str]
    media: CampaignFile | None = Field(description="The file whose caption the templates are")
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
