"""What callers send about a campaign itself, validated once at the edge."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictStr

from hub_api.campaigns.bodies import Name, Named
from hub_api.campaigns.recipients.bodies import Templates
from hub_api.web.fields import Cursor, Input, Limit, ShortId, Text

Columns = Annotated[list[Annotated[Text, Field(min_length=1, max_length=60)]], Field(max_length=50)]


class CampaignBody(Named):
    """`templates`: variants, one is drawn per recipient. `columns`: variables beyond `nombre` and `telefono`."""

    name: Name
    templates: Templates
    columns: Columns = Field(default=[])
    schedule_id: ShortId | None = None


class CampaignEdit(Named):
    """What is not given stays as it is."""

    name: Name | None = None
    templates: Templates | None = None
    columns: Columns | None = None
    schedule_id: ShortId | None = None


class PutBackBody(Named):
    codes: list[Annotated[StrictStr, Field(max_length=60)]] | None = Field(
        default=None, max_length=50, description="Only those that failed so"
    )


class CampaignsQuery(Input):
    state: Literal["pendiente", "en_progreso", "finalizado", "pausada", "cancelada"] | None = None
    cursor: Cursor | None = None
    limit: Limit = 50
