"""What callers send about tenants, validated once at the edge."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr

from hub_api.accounts.web import Name
from hub_api.web.cliente_id import MAX_CLIENTE_ID
from hub_api.web.fields import Input

MAX_CAP = 1_000_000


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be an IANA time zone such as America/Argentina/Buenos_Aires") from error
    return text


def _country(text: str) -> str:
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("must be a two-letter country code such as AR")
    return text


Timezone = Annotated[StrictStr, Field(max_length=64), AfterValidator(_timezone)]
Country = Annotated[StrictStr, AfterValidator(_country)]


class TenantProfileBody(Input):
    """What is not given stays; null means the installation's."""

    name: Name | None = None
    country: Country | None = Field(default=None, description="ISO 3166: where its national numbers belong")
    timezone: Timezone | None = Field(default=None, description="IANA name: whose midnight begins its day")
    daily_cap: Annotated[StrictInt, Field(ge=0, le=MAX_CAP)] | None = Field(
        default=None, description="Bulk and campaign messages a day; 0: no cap"
    )
    language: Literal["es", "en"] | None = Field(default=None, description="Of texts for people")
    allow_groups: StrictBool | None = Field(
        default=None, description="Messages may go to groups, `…@g.us`; off at first"
    )

    def given(self) -> dict[str, Any]:
        """The columns that the caller named."""
        return {name: getattr(self, name) for name in TenantProfileBody.model_fields if name in self.model_fields_set}


class NewTenantBody(TenantProfileBody):
    cliente_id: Annotated[StrictInt, Field(ge=1, le=MAX_CLIENTE_ID)]


class TenantBody(TenantProfileBody):
    suspended: StrictBool | None = Field(
        default=None, description="Nothing is accepted and sent, and no session runs; what waits stays queued"
    )
