"""What callers ask about deliveries, validated once at the edge."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hub_api.public_events.types import PublicEventType
from hub_api.web.fields import ClienteId, Cursor, Input, Limit, Moment

DeliveryId = Annotated[str, Field(max_length=40, pattern=r"^[0-9A-Z]+$")]


class DeliveriesQuery(Input):
    status: Literal["waiting", "delivered", "failed"] | None = None
    type: PublicEventType | None = None
    from_: Moment | None = Field(default=None, alias="from", description="Written at or after")
    until: Moment | None = Field(default=None, description="Written before")
    cursor: Cursor | None = None
    limit: Limit = 100


class ReplayBody(Input):
    """One delivery, all of a span of time, or all that failed since a moment."""

    delivery_id: DeliveryId | None = None
    from_: Moment | None = Field(default=None, alias="from", description="Written at or after; with `until`")
    until: Moment | None = Field(default=None, description="Written before")
    failed_since: Moment | None = Field(default=None, description="Those that failed for good at or after")
    cliente_id: ClienteId | None = Field(default=None, description="The tenant, for an admin")

    @model_validator(mode="after")
    def _one_of_them(self) -> ReplayBody:
        span = self.from_ is not None or self.until is not None
        if [self.delivery_id is not None, span, self.failed_since is not None].count(True) != 1:
            raise ValueError("either delivery_id, or from and until, or failed_since")
        if span and (self.from_ is None or self.until is None):
            raise ValueError("from and until go together")
        return self
