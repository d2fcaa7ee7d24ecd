"""What callers get about what persons decide, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hub_api.messages.objects import MessageFields


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
    received: int = Field(description="Messages of conversations that sessions told of, each once")
    received_recorded: int = Field(description="Those of them that were recorded; a second behind, else one is missing")
    unattributed_optouts: int = Field(description="Who asked to be left alone, by a number that nobody knows")
