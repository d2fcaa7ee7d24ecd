"""What callers get of users, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hub_api.accounts.tenants.objects import TenantItem


class UserItem(BaseModel):
    id: int
    usuario: str
    tipo: Literal["admin", "cliente"]
    cliente_id: int | None
    created_at: str
    disabled: bool
    disabled_at: str | None


class UserRecord(UserItem):
    ok: Literal[True]


class UserList(BaseModel):
    ok: Literal[True]
    items: list[UserItem]
    next: str | None


class Me(BaseModel):
    ok: Literal[True]
    name: str = Field(description="`user:maria`, or `key:crm` for a program; so one stands in logs and the audit trail")
    usuario: str | None = Field(description="Null for a program")
    tipo: Literal["admin", "cliente"]
    cliente_id: int | None
    tenant: TenantItem | None
    expires_at: str | None = Field(description="When this token runs out; null for a key")
