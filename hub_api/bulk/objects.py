"""What callers get about bulk sends, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from hub_api.messages.objects import MessageStatusName


class BulkEntry(BaseModel):
    ok: bool
    index: int
    message_id: str | None = None
    status: MessageStatusName | None = None
    error: str | None = None
    message: str | None = None
    details: dict[str, Any] | None = None


class BulkAccepted(BaseModel):
    ok: Literal[True]
    bulk_id: str
    total: int
    accepted: int
    refused: int
    items: list[BulkEntry]


class BulkProgress(BaseModel):
    ok: Literal[True]
    bulk_id: str
    cliente_id: int
    created_at: str | None
    total: int
    refused: int
    done: int
    counts: dict[str, int]
