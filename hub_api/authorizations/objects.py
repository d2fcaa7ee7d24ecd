"""What admins get about who may pair, for the document; a test checks real answers against this model."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class QrAuthorizationObject(BaseModel):
    ok: Literal[True]
    cliente_id: int
    enabled: bool
    expires_at: str | None
    allowed: bool
    recorded: bool
