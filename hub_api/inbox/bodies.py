"""What callers send about received messages, validated once at the edge."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from hub_api.web.fields import Cursor, Input, Limit, Moment, TenantPath, Text
from shared.protocol.inbound import InboundType

_DATE = re.compile(r"\d{4}-\d\d-\d\d(\D|$)")


def _no_moment(text: str) -> str:
    if _DATE.match(text):
        raise ValueError("is whom a message is from; a moment goes into `since`")
    return text


_WHO = "International digits with or without +, a national form, or a LID (`…@lid`)"
Sender = Annotated[Text, Field(min_length=1, max_length=64, description=_WHO), AfterValidator(_no_moment)]
ChatId = Annotated[
    Text,
    Field(min_length=1, max_length=100, description="`…@c.us`, `…@lid`, `…@g.us`, or a number; any address of a chat"),
]
WhatsAppId = Annotated[Text, Field(min_length=1, max_length=200, description="WhatsApp's key of the message")]


class InboundPath(TenantPath):
    """A message in the URL."""

    whatsapp_id: WhatsAppId


class InboundQuery(Input):
    """Filters of a tenant's inbound messages, newest first."""

    from_: Sender | None = Field(default=None, alias="from")
    from_number: Sender | None = Field(default=None, description="The same, under an older name")
    chat: ChatId | None = None
    type: InboundType | None = None
    since: Moment | None = Field(default=None, description="Written at or after")
    until: Moment | None = Field(default=None, description="Written before")
    cursor: Cursor | None = None
    limit: Limit = 50

    @property
    def sender(self) -> str | None:
        """Whom they are from, under whichever name it was given."""
        return self.from_ if self.from_ is not None else self.from_number

    @model_validator(mode="after")
    def _one_sender(self) -> InboundQuery:
        if self.from_ is not None and self.from_number is not None and self.from_ != self.from_number:
            raise ValueError("from and from_number disagree")
        return self
