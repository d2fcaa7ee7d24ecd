"""What callers get of opt-outs, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class OptOutFields(BaseModel):
    number: str
    at: str | None
    source: Literal["keyword", "person"]
    who: str
    note: str | None


class OptOutChange(OptOutFields):
    opted_out: bool = Field(description="Whether the number stands on the list now")


class OptOutList(BaseModel):
    ok: Literal[True]
    items: list[OptOutFields]
    next: str | None


class UnattributedFields(BaseModel):
    address: str = Field(description="Under which WhatsApp told who wrote, such as a LID")
    at: str | None
    whatsapp_id: str = Field(description="Of the message that asks")


class UnattributedList(BaseModel):
    ok: Literal[True]
    items: list[UnattributedFields]
    next: str | None


class OptOutsAdded(BaseModel):
    ok: Literal[True]
    added: int
    numbers: list[str]
