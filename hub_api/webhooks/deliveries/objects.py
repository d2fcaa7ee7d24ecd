"""What callers get of deliveries, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class AttemptFields(BaseModel):
    number: int
    at: str | None
    code: int | None = Field(description="HTTP status; null where there was no answer")
    error: str | None
    duration_ms: int
    answer: str = Field(description="How it begins: 1 kB at most")


class DeliveryFields(BaseModel):
    delivery_id: str = Field(description="The header `webhook-id`, the same at each attempt")
    webhook_id: str
    cliente_id: int
    type: str
    status: Literal["waiting", "delivered", "failed"]
    error: str | None = Field(description="Of the latest attempt")
    created_at: str | None
    next_attempt_at: str | None
    ended_at: str | None
    attempts: list[AttemptFields] = Field(description="Oldest first")


class DeliveryObject(DeliveryFields):
    ok: Literal[True]


class DeliveryList(BaseModel):
    ok: Literal[True]
    items: list[DeliveryFields]
    next: str | None


class Replayed(BaseModel):
    ok: Literal[True]
    replayed: int = Field(description="How many deliveries are tried anew")
