"""What callers send about users, validated once at the edge."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, model_validator

from hub_api.accounts.users.service import MAX_PASSWORD, MIN_PASSWORD
from hub_api.accounts.web import ShortName
from hub_api.web.fields import ClienteId, Input, Text

Password = Annotated[Text, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD)]


class UserPath(Input):
    usuario: Annotated[str, Field(min_length=1, max_length=100)]


class UserBody(Input):
    """A person who is to log in."""

    usuario: ShortName
    password: Password
    tipo: Literal["admin", "cliente"]
    cliente_id: ClienteId | None = Field(default=None, description="The tenant; needed where `tipo` is `cliente`")

    @model_validator(mode="after")
    def _has_a_tenant(self) -> UserBody:
        if self.tipo == "cliente" and self.cliente_id is None:
            raise ValueError("cliente_id is required where tipo is cliente")
        return self


class UserChange(Input):
    """What is not given stays. Name, `tipo` and tenant of a user never change."""

    password: Password | None = None
    disabled: StrictBool | None = None


class PasswordBody(Input):
    old: Annotated[Text, Field(min_length=1, max_length=MAX_PASSWORD)]
    new: Password
