"""What callers send to import a list, validated once at the edge."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from hub_api.campaigns.bodies import CampaignPath, Named
from hub_api.campaigns.recipients.bodies import Templates
from hub_api.web.fields import Cursor, Input, Limit, ShortId, Text

MAX_IMPORTED = 200_000  # in one call

Rows = Annotated[
    list[Any],
    Field(min_length=1, max_length=MAX_IMPORTED, json_schema_extra={"items": {"type": "object"}}),
]


class ImportPath(CampaignPath):
    import_id: ShortId


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
    dry_run: bool = Field(default=False, description="Says what would happen and stores nothing; up to 1 MiB")
    background: bool = Field(default=False, description="Never waits for the end, however short the list is")


class RefusedQuery(Input):
    cursor: Cursor | None = None
    limit: Limit = 100
