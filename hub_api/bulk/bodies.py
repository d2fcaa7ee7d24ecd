"""What callers send about bulk sends, validated once at the edge."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hub_api.web.fields import MAX_IN_BULK, IdempotencyKey, Input, TenantPath


class BulkPath(TenantPath):
    bulk_id: str = Field(max_length=64)


class BulkBody(Input):
    """Each entry is a message as in a single send, accepted or refused by itself."""

    messages: list[Any] = Field(
        min_length=1,
        max_length=MAX_IN_BULK,
        json_schema_extra={"items": {"type": "object", "required": ["to", "message"]}},
    )
    idempotency_key: IdempotencyKey | None = Field(default=None, description="Of the whole call, as the header")
