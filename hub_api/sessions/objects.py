"""What callers get about sessions, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

SessionStatusName = Literal["INIT", "QR_REQUIRED", "AUTHENTICATED", "READY", "DISCONNECTED", "ERROR"]


class SessionLimits(BaseModel):
    """What WhatsApp allows the number, asked of it every quarter of an hour and after each refusal."""

    restricted_until: str | None = Field(description="Bulk and campaigns wait until then; null where they need not")
    new_chats_allowed: int | None = Field(description="In one cycle; null where WhatsApp names no cap")
    new_chats_used: int | None
    new_chats_reset_at: str | None


class SessionFields(BaseModel):
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
    limits: SessionLimits


class MovedSession(SessionFields):
    """As `session.status` tells it."""

    qr_string: None


class ScannableSession(SessionFields):
    """As `session.qr` tells it."""

    qr_string: str


class SessionObject(SessionFields):
    ok: Literal[True]
    already_connected: bool | None = None
    logout_pending: bool | None = Field(default=None, description="With `logout`: not unlinked yet")


class SessionList(BaseModel):
    ok: Literal[True]
    items: list[dict[str, Any]]
    next: str | None
