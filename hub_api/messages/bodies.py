"""What callers send about messages, validated once at the edge."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub_api.web.fields import (
    Cursor,
    Input,
    Limit,
    Moment,
    Recipient,
    ShortId,
    TenantPath,
    Wait,
)


class MessagePath(TenantPath):
    message_id: str = Field(description="Ours, sortable by time of acceptance", max_length=64)


class WaitQuery(Input):
    wait: Wait = Field(default=0, description="Seconds to wait until the message is sent")


class OneMessageQuery(Input):
    events: bool = Field(default=False, description="With its history")


class MessagesQuery(Input):
    """Filters of a tenant's messages, newest first."""

    status: Literal["queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "expired", "uncertain"] | (
        None
    ) = None
    to: Recipient | None = None
    lane: Literal["single", "bulk", "campaign"] | None = None
    campaign: ShortId | None = None
    from_: Moment | None = Field(default=None, alias="from", description="Accepted at or after")
    until: Moment | None = Field(default=None, description="Accepted before")
    cursor: Cursor | None = None
    limit: Limit = 50
