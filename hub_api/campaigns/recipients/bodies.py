"""What callers send about lists of recipients, validated once at the edge."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hub_api.campaigns.bodies import CampaignPath
from hub_api.campaigns.recipients.template import MAX_MESSAGE
from hub_api.web.fields import Cursor, Input, Limit, Text

MAX_VARIANTS = 20

Template = Annotated[Text, Field(min_length=1, max_length=MAX_MESSAGE)]
Templates = Annotated[list[Template], Field(min_length=1, max_length=MAX_VARIANTS)]


class RecipientPath(CampaignPath):
    recipient_id: int = Field(ge=1, le=2**53)


class RecipientsQuery(Input):
    state: Literal["pending", "released", "sent", "delivered", "read", "failed", "uncertain", "skipped"] | None = None
    cursor: Cursor | None = None
    limit: Limit = 100
