"""What callers get about received messages, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


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
