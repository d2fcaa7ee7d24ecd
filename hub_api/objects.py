"""What callers get, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

SessionStatusName = Literal["INIT", "QR_REQUIRED", "AUTHENTICATED", "READY", "DISCONNECTED", "ERROR"]
MessageStatusName = Literal[
    "queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "expired", "uncertain"
]


class Failure(BaseModel):
    ok: Literal[False]
    error: str = Field(description="The code, for machines")
    message: str = Field(description="For a person")
    details: dict[str, Any] | None = None


class SessionObject(BaseModel):
    ok: Literal[True]
    cliente_id: int
    instance_id: str
    status: SessionStatusName
    state: SessionStatusName
    qr_status: Literal["none", "generated", "expired", "used"]
    qr_string: str | None
    qr_expires_at: str | None
    qr_attempts: int
    connected: bool
    connecting: bool
    can_send_messages: bool
    needs_qr: bool
    is_recoverable: bool
    recommended_action: str
    phone_number: str | None
    push_name: str | None
    last_error_code: str | None
    last_error_message: str | None
    since: str | None
    updated_at: str | None
    stale: bool
    already_connected: bool | None = None


class QrCode(BaseModel):
    """`status` alone while WhatsApp is syncing."""

    ok: Literal[True]
    status: SessionStatusName
    qr_string: str | None = None
    qr: str | None = Field(default=None, description="PNG as a data URL")
    qr_expires_at: str | None = None


class PairingCode(BaseModel):
    ok: Literal[True]
    status: SessionStatusName
    code: str | None = None
    expires_at: str | None = None


class Contact(BaseModel):
    ok: Literal[True]
    number: str
    exists: bool | None = Field(description="Null where WhatsApp could not be asked")
    chat_id: str | None


class QrAuthorizationObject(BaseModel):
    ok: Literal[True]
    cliente_id: int
    enabled: bool
    expires_at: str | None
    allowed: bool
    recorded: bool


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
    message: str


class MessageObject(MessageFields):
    ok: Literal[True]
    duplicate: bool | None = None
    events: list[HistoryEntry] | None = None


class MessageList(BaseModel):
    ok: Literal[True]
    items: list[MessageFields]
    next: str | None


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


class HeldList(BaseModel):
    ok: Literal[True]
    items: list[MessageFields]
    next: None
    total: int = Field(description="Held in all; at most 500 are listed")


class HeldDone(BaseModel):
    ok: Literal[True]
    action: Literal["release", "cancel"]
    done: list[str]
    not_held: list[str] = Field(description="Asked for, but not held; nothing was done to them")
    still_held: int


class MessageReport(BaseModel):
    """accepted = sent + failed + cancelled + expired + uncertain + open."""

    ok: Literal[True]
    cliente_id: int
    accepted: int
    sent: int = Field(description="With delivered and read")
    failed: int
    cancelled: int
    expired: int
    uncertain: int
    open: int = Field(description="queued + in_flight + held")
    queued: int
    in_flight: int
    held: int
    balanced: bool
    recorded: dict[str, int] = Field(description="What is on record, by status; a second behind, shortened by age")


class InboundFields(BaseModel):
    whatsapp_id: str
    cliente_id: int
    from_: str = Field(alias="from")
    message: str
    at: str | None


class InboundList(BaseModel):
    ok: Literal[True]
    items: list[InboundFields]
    next: str | None


class SessionList(BaseModel):
    ok: Literal[True]
    items: list[dict[str, Any]]
    next: str | None


class UserObject(BaseModel):
    id: int
    usuario: str
    tipo: Literal["admin", "cliente"]
    cliente_id: int | None


class LoggedIn(BaseModel):
    ok: Literal[True]
    token: str
    expires_in: int
    user: UserObject


class Health(BaseModel):
    ok: Literal[True]
    status: Literal["ok"]
    service: str
    timestamp: str


class Part(BaseModel):
    ok: bool
    detail: str | None = None


class Readiness(BaseModel):
    ok: bool
    status: Literal["ready", "not ready"]
    parts: dict[str, Part]
