"""What callers get about messages, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.protocol.content import ContentType

MessageStatusName = Literal[
    "queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "expired", "uncertain"
]


class HistoryEntry(BaseModel):
    type: str
    at: str | None
    data: dict[str, Any]


class SentMedia(BaseModel):
    mime_type: str
    size: int = Field(description="Bytes")
    sha256: str = Field(description="Of the bytes, hex digits")
    file_name: str | None


class SentLocation(BaseModel):
    latitude: float
    longitude: float
    name: str | None
    address: str | None


class SentContact(BaseModel):
    name: str
    phone_number: str


class SentPoll(BaseModel):
    question: str
    options: list[str]
    multiple: bool = Field(description="More than one may be chosen")


class SentLink(BaseModel):
    url: str
    title: str
    description: str | None


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
    edited_at: str | None = Field(description="Since then `message` is what it was edited to")
    revoked_at: str | None = Field(description="Deleted for everyone")
    error: str | None
    error_message: str | None
    certain: bool
    message: str | None = Field(description="The text, of media the caption; null where it is no longer on record")
    type: ContentType
    media: SentMedia | None = Field(description="Of image, video, audio, voice, document, sticker")
    location: SentLocation | None
    contact: SentContact | None
    poll: SentPoll | None
    link_preview: SentLink | None
    reply_to: str | None = Field(description="WhatsApp's key of the message that it answers")
    mentions: list[str] = Field(description="Canonical digits")


class MessageObject(MessageFields):
    ok: Literal[True]
    duplicate: bool | None = None
    events: list[HistoryEntry] | None = None


class MessageList(BaseModel):
    ok: Literal[True]
    items: list[MessageFields]
    next: str | None
