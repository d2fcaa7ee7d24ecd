"""What callers send about lists of recipients, validated once at the edge."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from hub_api.campaigns.bodies import CampaignPath, Named
from hub_api.campaigns.recipients.template import MAX_MESSAGE
from hub_api.web.fields import Cursor, Input, Limit, Text

MAX_VARIANTS = 20
MAX_IMPORTED = 200_000  # in one call; the command line takes more

Template = Annotated[Text, Field(min_length=1, max_length=MAX_MESSAGE)]
Templates = Annotated[list[Template], Field(min_length=1, max_length=MAX_VARIANTS)]
Rows = Annotated[
    list[Any],
    Field(min_length=1, max_length=MAX_IMPORTED, json_schema_extra={"items": {"type": "object"}}),
]


class RecipientPath(CampaignPath):
    recipient_id: int = Field(ge=1, le=2**53)


class PreviewBody(Named):
    """A list, as CSV text or as rows, and what it is to be told."""

    templates: Templates | None = None
    csv: Text | None = None
    recipients: Rows | None = None

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if (self.csv is None) == (self.recipients is None):
            raise ValueError("either csv or recipients")
        return self


class RecipientsBody(Named):
    recipients: Rows


class ImportQuery(Input):
    dry_run: bool = Field(default=False, description="Says what would happen and stores nothing")


class RecipientsQuery(Input):
    state: Literal["pending", "released", "sent", "delivered", "read", "failed", "uncertain", "skipped"] | None = None
    cursor: Cursor | None = None
    limit: Limit = 100
