"""What callers send about messages, validated once at the edge."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub_api.web.fields import (
    ClienteId,
    Cursor,
    IdempotencyKey,
    Input,
    Limit,
    MessageText,
    Moment,
    Number,
    ShortId,
    TenantPath,
    Wait,
)


class MessagePath(TenantPath):
    message_id: str = Field(description="Ours, sortable by time of acceptance", max_length=64)


class WaitQuery(Input):
    wait: Wait = Field(default=0, description="Seconds to wait until the message is sent")


class SendBody(Input):
    """One message to send."""

    to: Number
    message: MessageText
    idempotency_key: IdempotencyKey | None = None
    on_not_ready: Literal["reject", "queue"] = "reject"
    expires_at: Moment | None = None
    cliente_id: ClienteId | None = Field(default=None, description="Must agree with the URL where given")


class OneMessageQuery(Input):
    events: bool = Field(default=False, description="With its history")


class MessagesQuery(Input):
    """Filters of a tenant's messages, newest first."""

    status: Literal["queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "expired", "uncertain"] | (
        None
    ) = None
    to: Number | None = None
    lane: Literal["single", "bulk", "campaign"] | None = None
    campaign: ShortId | None = None
    from_: Moment | None = Field(default=None, alias="from", description="Accepted at or after")
    until: Moment | None = Field(default=None, description="Accepted before")
    cursor: Cursor | None = None
    limit: Limit = 50
