"""What callers get of opt-outs, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class OptOutFields(BaseModel):
    number: str
    at: str | None
    source: Literal["keyword", "person"]
    who: str
    note: str | None


class OptOutList(BaseModel):
    ok: Literal[True]
    items: list[OptOutFields]
    next: str | None


class OptOutsAdded(BaseModel):
    ok: Literal[True]
    added: int
    numbers: list[str]
