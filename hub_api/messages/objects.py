"""What callers get about messages, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

MessageStatusName = Literal[
    "queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "expired", "uncertain"
]


class HistoryEntry(BaseModel):
    type: str
    at: str | None
    data: dict[str, Any]


class MessageFields(BaseModel):
    message_id: str
    cliente_id: int
    to: str
    status: MessageStatusName
    lane: Literal["single", "bulk", "campaign"]
    whatsapp_id: str | None
    attempts: int
    campaign_id: str | None
    bulk_id: str | None
    accepted_at: str | None
    expires_at: str | None
    sent_at: str | None
    delivered_at: str | None
    read_at: str | None
    error: str | None
    error_message: str | None
    certain: bool
    message: str | None = Field(description="The text; null where it is no longer on record")


class MessageObject(MessageFields):
    ok: Literal[True]
    duplicate: bool | None = None
    events: list[HistoryEntry] | None = None


class MessageList(BaseModel):
    ok: Literal[True]
    items: list[MessageFields]
    next: str | None
