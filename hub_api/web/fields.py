"""Types of fields that callers of several subjects send, validated once at the edge."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StrictStr

from hub_api.principal import TenantProfile
from hub_api.web.cliente_id import MAX_CLIENTE_ID
from shared import phone_number
from shared.errors import InvalidTo
from shared.instant import from_iso

MAX_MESSAGE = 4_096  # characters
MAX_KEY = 200  # characters
MAX_IN_BULK = 1_000  # messages
MAX_WAIT_S = 30
_GROUP = re.compile(r"[1-9][0-9]{4,24}(-[0-9]{1,20})?@g\.us")


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL")
    return text


def _moment(text: str) -> str:
    try:
        from_iso(text)
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a time in ISO 8601") from error
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Text = Annotated[StrictStr, AfterValidator(_no_nul)]
Moment = Annotated[StrictStr, Field(max_length=40, json_schema_extra={"format": "date-time"}), AfterValidator(_moment)]
ClienteId = Annotated[StrictInt, Field(ge=1, le=MAX_CLIENTE_ID)]
MessageText = Annotated[Text, Field(min_length=1, max_length=MAX_MESSAGE), AfterValidator(_not_blank)]
Number = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=64,
        description="International digits with or without +, a national form, or …@c.us",
    ),
]
Recipient = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=64,
        description="International digits with or without +, a national form, …@c.us, or a group's id …@g.us where the "
        "tenant allows groups",
    ),
]
IdempotencyKey = Annotated[StrictStr, Field(min_length=1, max_length=MAX_KEY, pattern=r"^[\x21-\x7e]+$")]
Wait = Annotated[float, Field(ge=0, le=MAX_WAIT_S, allow_inf_nan=False)]
Cursor = Annotated[str, Field(max_length=120, pattern=r"^[A-Za-z0-9_-]+$")]
Limit = Annotated[int, Field(ge=1, le=500)]
ShortId = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class Input(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class TenantPath(Input):
    """A tenant in the URL."""

    cliente_id: int = Field(description="The tenant", ge=1, le=MAX_CLIENTE_ID)


def canonical(raw: str, country: str, field: str = "to") -> str:
    """A Number's canonical digits; remembered, for parsing costs more than accepting a message.

    country: where a number without country code belongs, the tenant's own. Raises InvalidTo naming the field.
    """
    number = _canonical(raw, country)
    if number is None:
        raise InvalidTo(details={field: "not a phone number WhatsApp could have"})
    return number


def recipient(raw: str, profile: TenantProfile, field: str = "to") -> str:
    """A Recipient's canonical digits, or a group's id. Raises InvalidTo naming the field."""
    group = group_id(raw)
    if group is None:
        return canonical(raw, profile.country, field)
    if not profile.allow_groups:
        raise InvalidTo(details={field: "the tenant does not allow messages to groups"})
    return group


def group_id(raw: str) -> str | None:
    """The id of a group as WhatsApp writes it; None for anything else."""
    found = raw.strip().lower()
    return found if _GROUP.fullmatch(found) else None


@lru_cache(maxsize=16_384)
def _canonical(raw: str, country: str) -> str | None:
    try:
        return phone_number.canonical(raw, country)
    except InvalidTo:
        return None
