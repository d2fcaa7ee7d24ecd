"""What callers ask of the trail."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub_api.web.cliente_id import MAX_CLIENTE_ID
from hub_api.web.fields import Cursor, Input, Limit, Moment, Text


class AuditQuery(Input):
    who: Annotated[Text, Field(max_length=120)] | None = Field(default=None, description="`user:maria`, `key:crm` …")
    what: Annotated[Text, Field(max_length=60)] | None = Field(
        default=None, description="A word such as `user.create`, or its first part: `user`"
    )
    cliente_id: Annotated[int, Field(ge=1, le=MAX_CLIENTE_ID)] | None = None
    from_: Moment | None = Field(default=None, alias="from", description="At or after")
    until: Moment | None = Field(default=None, description="Before")
    cursor: Cursor | None = None
    limit: Limit = 100
