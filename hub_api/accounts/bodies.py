"""What callers send about accounts, validated once at the edge."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub_api.web.fields import Input, Text


class LoginBody(Input):
    usuario: Annotated[Text, Field(min_length=1, max_length=100)]
    password: Annotated[Text, Field(min_length=1, max_length=256)]
