"""What callers send about a campaign itself, validated once at the edge."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictStr

from hub_api.campaigns.bodies import Name, Named
from hub_api.campaigns.recipients.bodies import Templates
from hub_api.media.bodies import MediaId
from hub_api.sending.bodies import FileName
from hub_api.web.fields import Cursor, Input, Limit, ShortId, Text

Columns = Annotated[list[Annotated[Text, Field(min_length=1, max_length=60)]], Field(max_length=50)]


class CampaignMedia(Input):
    """A file for all recipients: it is uploaded once."""

    media_id: MediaId
    type: Literal["image", "video", "document"] | None = Field(
        default=None,
        description="As what it is sent; else as its content says: a picture, a video, any other a document",
    )
    file_name: FileName | None = None


class CampaignBody(Named):
    """`templates`: variants, one is drawn per recipient; of a file they are its caption. `columns`: variables beyond
    `nombre` and `telefono`."""

    name: Name
    templates: Templates
    columns: Columns = Field(default=[])
    schedule_id: ShortId | None = None
    media: CampaignMedia | None = None


class CampaignEdit(Named):
    """What is not given stays as it is."""

    name: Name | None = None
    templates: Templates | None = None
    columns: Columns | None = None
    schedule_id: ShortId | None = None
    media: CampaignMedia | None = Field(default=None, description="null: none any more")


class PutBackBody(Named):
    codes: list[Annotated[StrictStr, Field(max_length=60)]] | None = Field(
        default=None, max_length=50, description="Only those that failed so"
    )


class CampaignsQuery(Input):
    state: Literal["pendiente", "en_progreso", "finalizado", "pausada", "cancelada"] | None = None
    cursor: Cursor | None = None
    limit: Limit = 50
