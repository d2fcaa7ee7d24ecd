"""What callers send: bodies, queries and paths, validated once at the edge (STYLE 6)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StrictStr

from hub_api.web.cliente_id import MOST
from shared.instant import from_iso

LONGEST_MESSAGE = 4_096  # characters
LONGEST_KEY = 200
MOST_IN_BULK = 1_000
LONGEST_WAIT_S = 30


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
ClienteId = Annotated[StrictInt, Field(ge=1, le=MOST)]
MessageText = Annotated[Text, Field(min_length=1, max_length=LONGEST_MESSAGE), AfterValidator(_not_blank)]
Number = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=64,
        description="International digits with or without +, a national form, or …@c.us",
    ),
]
IdempotencyKey = Annotated[StrictStr, Field(min_length=1, max_length=LONGEST_KEY, pattern=r"^[\x21-\x7e]+$")]
Wait = Annotated[float, Field(ge=0, le=LONGEST_WAIT_S, allow_inf_nan=False)]
Cursor = Annotated[str, Field(max_length=120, pattern=r"^[A-Za-z0-9_-]+$")]
Limit = Annotated[int, Field(ge=1, le=500)]
ShortId = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class Input(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class TenantPath(Input):
    """A tenant in the URL."""

    cliente_id: str = Field(description="The tenant", pattern=r"^[1-9][0-9]{0,9}$")
