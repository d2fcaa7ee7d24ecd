"""What callers get of lists of recipients, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

RecipientStateName = Literal["pending", "released", "sent", "delivered", "read", "failed", "uncertain", "skipped"]


class RenderedMessage(BaseModel):
    number: str
    variables: dict[str, str]
    message: str | None
    problem: str | None


class RecipientFields(BaseModel):
    recipient_id: int
    number: str
    state: RecipientStateName
    error: str | None
    error_message: str | None
    variables: dict[str, str]
    message_id: str | None
    released_at: str | None
    sent_at: str | None
    delivered_at: str | None
    read_at: str | None


class RecipientList(BaseModel):
    ok: Literal[True]
    items: list[RecipientFields]
    next: str | None


class RecipientPreview(RenderedMessage):
    ok: Literal[True]
