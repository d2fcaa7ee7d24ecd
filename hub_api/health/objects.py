"""What callers get about health, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Health(BaseModel):
    ok: Literal[True]
    status: Literal["ok"]
    service: str
    timestamp: str


class Part(BaseModel):
    ok: bool
    detail: str | None = Field(default=None, description="For an admin alone")
    depths: dict[str, int] | None = Field(default=None, description="How much waits, by name; for an admin alone")


class Readiness(BaseModel):
    ok: bool
    status: Literal["ready", "not ready"]
    parts: dict[str, Part]
