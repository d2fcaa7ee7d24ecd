"""What callers get of keys, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class KeyItem(BaseModel):
    key_id: int
    name: str
    prefix: str | None = Field(description="How the key begins")
    tipo: Literal["admin", "cliente"]
    cliente_id: int | None
    created_at: str
    last_used_at: str | None = Field(description="To a few minutes")
    revoked_at: str | None


class KeyObject(KeyItem):
    ok: Literal[True]


class NewKeyObject(KeyObject):
    key: str = Field(description="For the header `X-Api-Key`; shown this once")


class KeyList(BaseModel):
    ok: Literal[True]
    items: list[KeyItem]
    next: str | None
