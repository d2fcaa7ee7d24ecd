"""What callers of all subjects here send: names, pages, and the campaign that a call means."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StrictStr

from hub_api.web.fields import ClienteId, Cursor, Input, Limit


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be printable and not blank")
    return text


Name = Annotated[StrictStr, Field(min_length=1, max_length=120), AfterValidator(_printable)]


class Named(Input):
    cliente_id: ClienteId | None = Field(default=None, description="The tenant, where the token names none")


class CampaignPath(Input):
    campaign_id: str = Field(max_length=64)


class PageQuery(Input):
    cursor: Cursor | None = None
    limit: Limit = 100
