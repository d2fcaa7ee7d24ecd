"""What callers get of endpoints, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hub_api.public_events.types import PublicEventType


class WebhookFields(BaseModel):
    webhook_id: str
    cliente_id: int
    url: str
    events: list[PublicEventType] | None = Field(description="Null: all of them")
    headers: dict[str, str]
    active: bool
    created_at: str | None
    updated_at: str | None
    disabled_at: str | None
    disabled_reason: Literal["gone", "failing"] | None = Field(description="Where it was disabled by itself")
    failing_since: str | None = Field(description="Since when no attempt succeeded")
    previous_secret_until: str | None = Field(description="Until then the secret before the present one signs too")


class WebhookObject(WebhookFields):
    ok: Literal[True]


class NewWebhookObject(WebhookObject):
    secret: str = Field(description="`whsec_…`; shown this once")


class WebhookList(BaseModel):
    ok: Literal[True]
    items: list[WebhookFields]
    next: str | None
