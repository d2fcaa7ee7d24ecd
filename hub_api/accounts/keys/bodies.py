"""What callers send about keys, validated once at the edge."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from hub_api.accounts.web import ShortName
from hub_api.web.fields import ClienteId, Input


class KeyPath(Input):
    key_id: int = Field(ge=1, le=2_147_483_647)


class KeyBody(Input):
    """A key of a tenant's program, or of an admin's."""

    name: ShortName
    tipo: Literal["admin", "cliente"] = "cliente"
    cliente_id: ClienteId | None = Field(default=None, description="The tenant; needed unless `tipo` is `admin`")

    @model_validator(mode="after")
    def _one_of_both(self) -> KeyBody:
        if (self.cliente_id is None) != (self.tipo == "admin"):
            raise ValueError("either cliente_id, or tipo admin")
        return self
