"""What callers get of the trail, for the document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class AuditLine(BaseModel):
    at: str
    who: str
    what: str
    cliente_id: int | None
    subject: str | None = Field(description="The id of what was changed")
    address: str | None = Field(description="From where; null: not by a call")
    details: dict[str, Any]


class AuditTrail(BaseModel):
    ok: Literal[True]
    items: list[AuditLine]
    next: str | None
