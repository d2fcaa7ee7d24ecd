"""What callers get of tenants, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class TenantItem(BaseModel):
    """As it is in force: what the tenant does not say is the installation's."""

    cliente_id: int
    name: str | None
    country: str
    timezone: str
    daily_cap: int
    language: Literal["es", "en"]
    allow_groups: bool
    suspended: bool
    suspended_at: str | None
    created_at: str


class TenantObject(TenantItem):
    ok: Literal[True]


class TenantList(BaseModel):
    ok: Literal[True]
    items: list[TenantItem]
    next: str | None
