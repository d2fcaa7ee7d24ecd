"""What callers get of a tenant's settings and the switch, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


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
