"""What callers get about media, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hub_api.inbox.objects import MediaFields


class MediaFetchObject(BaseModel):
    ok: Literal[True]
    whatsapp_id: str
    media: MediaFields


class MediaUsageObject(BaseModel):
    ok: Literal[True]
    cliente_id: int
    used_bytes: int = Field(description="What the tenant's files take; the same bytes count once")
    quota_bytes: int | None = Field(description="`MEDIA_QUOTA_MIB`; null: no limit")
    over_quota: bool = Field(description="Something that came in was not fetched, for there was no room")
    retention_days: int | None = Field(description="null: as long as the messages")
    available: int = Field(description="Messages by what became of their bytes")
    pending: int
    expired: int
    too_large: int
    failed: int
