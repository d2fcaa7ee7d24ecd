"""What callers get, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class Failure(BaseModel):
    ok: Literal[False]
    error: str = Field(description="The code, for machines")
    message: str = Field(description="For a person")
    details: dict[str, Any] | None = None
