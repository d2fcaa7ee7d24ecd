"""What callers get of streams, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class TicketObject(BaseModel):
    ok: Literal[True]
    ticket: str = Field(description="Shown once; good for one stream")
    expires_in: int = Field(description="Seconds")
