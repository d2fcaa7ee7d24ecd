"""What callers send about opt-outs, validated once at the edge."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub_api.campaigns.bodies import Named
from hub_api.web.fields import Input, Number, Text


class OptOutPath(Input):
    number: Number


class OptOutBody(Named):
    numbers: list[Number] = Field(min_length=1, max_length=1_000)
    note: Annotated[Text, Field(max_length=200)] | None = None


class SettleBody(Named):
    """Whose address it is; without a number nothing is to be done about it."""

    address: Annotated[Text, Field(min_length=1, max_length=100)]
    number: Number | None = None
