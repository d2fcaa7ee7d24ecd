"""What callers send about numbers, validated once at the edge."""

from __future__ import annotations

from pydantic import Field

from hub_api.web.fields import Input, Number, TenantPath

MAX_NUMBERS = 100


class NumberPath(TenantPath):
    number: Number


class CheckBody(Input):
    numbers: list[Number] = Field(min_length=1, max_length=MAX_NUMBERS)
