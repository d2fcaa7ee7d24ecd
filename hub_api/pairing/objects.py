"""What callers get about pairing, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hub_api.sessions.objects import SessionStatusName


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
