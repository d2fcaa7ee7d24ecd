"""What callers get about accounts, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class UserObject(BaseModel):
    id: int
    usuario: str
    tipo: Literal["admin", "cliente"]
    cliente_id: int | None


class LoggedIn(BaseModel):
    ok: Literal[True]
    token: str
    expires_in: int
    user: UserObject
