"""What callers send about received messages, validated once at the edge."""

from __future__ import annotations

from pydantic import Field

from hub_api.web.fields import Cursor, Input, Limit, Moment, Number


class InboundQuery(Input):
    """Filters of a tenant's inbound messages, newest first."""

    from_number: Number | None = None
    from_: Moment | None = Field(default=None, alias="from", description="Received at or after")
    until: Moment | None = Field(default=None, description="Received before")
    cursor: Cursor | None = None
    limit: Limit = 50
