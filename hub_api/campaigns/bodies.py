"""What callers send about campaigns, schedules and opt-outs, validated once at the edge."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from hub_api.campaigns.planning.hours import DAY_MINUTES
from hub_api.campaigns.recipients.template import LONGEST_MESSAGE
from hub_api.web.fields import ClienteId, Cursor, Limit, MessageText, Number, ShortId, Text

MOST_VARIANTS = 20
MOST_IMPORTED = 200_000  # in one call; the command line takes more


def _minute(text: str) -> str:
    clock_minute(text)
    return text


def clock_minute(text: str) -> int:
    """`09:30` → 570, `24:00` → 1440. Raises ValueError."""
    hours, colon, minutes = text.partition(":")
    if not colon or not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()):
        raise ValueError("must be a time such as 09:30")
    found = int(hours) * 60 + int(minutes)
    if len(minutes) != 2 or len(hours) > 2 or int(minutes) > 59 or found > DAY_MINUTES:
        raise ValueError("must be between 00:00 and 24:00")
    return found


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be an IANA time zone such as America/Argentina/Buenos_Aires") from error
    return text


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueError("must be a day such as 2026-11-20") from error


def _country(text: str) -> str:
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("must be a two-letter country code such as AR")
    return text


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be printable and not blank")
    return text


Name = Annotated[StrictStr, Field(min_length=1, max_length=120), AfterValidator(_printable)]
Clock = Annotated[StrictStr, Field(max_length=5, examples=["09:00"]), AfterValidator(_minute)]
Day = Annotated[StrictStr, Field(max_length=10, json_schema_extra={"format": "date"}), AfterValidator(_day)]
Comment = Annotated[Text, Field(min_length=1, max_length=2_000)]
Template = Annotated[Text, Field(min_length=1, max_length=LONGEST_MESSAGE)]
Templates = Annotated[list[Template], Field(min_length=1, max_length=MOST_VARIANTS)]
Columns = Annotated[list[Annotated[Text, Field(min_length=1, max_length=60)]], Field(max_length=50)]
Rows = Annotated[
    list[Any],
    Field(min_length=1, max_length=MOST_IMPORTED, json_schema_extra={"items": {"type": "object"}}),
]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class Input(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Named(Input):
    cliente_id: ClienteId | None = Field(default=None, description="The tenant, where the token names none")


class CampaignPath(Input):
    campaign_id: str = Field(max_length=64)


class RecipientPath(CampaignPath):
    recipient_id: int = Field(ge=1, le=2**53)


class SchedulePath(Input):
    schedule_id: str = Field(max_length=64)


class OptOutPath(Input):
    number: Number


class CampaignBody(_Named):
    """`templates`: variants, one is drawn per recipient. `columns`: variables beyond `nombre` and `telefono`."""

    name: Name
    templates: Templates
    columns: Columns = []
    schedule_id: ShortId | None = None


class CampaignEdit(_Named):
    """What is not given stays as it is."""

    name: Name | None = None
    templates: Templates | None = None
    columns: Columns | None = None
    schedule_id: ShortId | None = None


class PreviewBody(_Named):
    """A list, as CSV text or as rows, and what it is to be told."""

    templates: Templates | None = None
    csv: Text | None = None
    recipients: Rows | None = None

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if (self.csv is None) == (self.recipients is None):
            raise ValueError("either csv or recipients")
        return self


class RecipientsBody(_Named):
    recipients: Rows


class PutBackBody(_Named):
    codes: list[Annotated[StrictStr, Field(max_length=60)]] | None = Field(
        default=None, max_length=50, description="Only those that failed so"
    )


class ImportQuery(Input):
    dry_run: bool = Field(default=False, description="Says what would happen and stores nothing")


class CampaignsQuery(Input):
    state: Literal["pendiente", "en_progreso", "finalizado", "pausada", "cancelada"] | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class RecipientsQuery(Input):
    state: Literal["pending", "released", "sent", "delivered", "read", "failed", "uncertain", "skipped"] | None = None
    cursor: Cursor | None = None
    limit: Limit = 100


class PageQuery(Input):
    cursor: Cursor | None = None
    limit: Limit = 100


class SwitchBody(_Named):
    enabled: StrictBool


class SettingsBody(_Named):
    """What is not given stays; null means the installation's."""

    timezone: Annotated[StrictStr, Field(max_length=64), AfterValidator(_timezone)] | None = None
    country: Annotated[StrictStr, AfterValidator(_country)] | None = None
    optout_keywords: (
        Annotated[list[Annotated[Text, Field(min_length=1, max_length=40)]], Field(min_length=1, max_length=20)] | None
    ) = None
    optout_answer: MessageText | None = None


class WarmupBody(Input):
    first: StrictInt = Field(ge=1, le=100_000, description="Messages on the first day")
    step: StrictInt = Field(ge=0, le=100_000, description="More on each further day")
    since: Day | None = Field(default=None, description="The first day; today where none is given")


class ScheduleBody(_Named):
    """An end before the start means across midnight; such a window belongs to the day it opens on."""

    name: Name
    weekdays: list[Annotated[StrictInt, Field(ge=0, le=6)]] = Field(
        min_length=1, max_length=7, description="0 is Monday"
    )
    start: Clock
    end: Clock = Field(description="Exclusive; 24:00 is the day's end")
    first_day: Day | None = None
    last_day: Day | None = Field(default=None, description="Inclusive")
    daily_quota: Annotated[StrictInt, Field(ge=0, le=1_000_000)] | None = None
    delay_min_seconds: Seconds | None = None
    delay_max_seconds: Seconds | None = None
    warmup: WarmupBody | None = None
    comment: Comment | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if clock_minute(self.start) == DAY_MINUTES or clock_minute(self.end) == 0:
            raise ValueError("start is before 24:00 and end after 00:00")
        if self.start == self.end:
            raise ValueError("start and end are the same; 00:00 to 24:00 is the whole day")
        if self.first_day and self.last_day and self.first_day > self.last_day:
            raise ValueError("first_day is after last_day")
        if (self.delay_min_seconds or 0) > (self.delay_max_seconds or 86_400):
            raise ValueError("delay_min_seconds is above delay_max_seconds")
        return self


class CommentBody(_Named):
    comment: Comment


class DecisionBody(_Named):
    comment: Comment | None = None


class SchedulesQuery(Input):
    state: Literal["pendiente", "aprobada", "rechazada", "pausada"] | None = None
    cursor: Cursor | None = None
    limit: Limit = 100


class OptOutBody(_Named):
    numbers: list[Number] = Field(min_length=1, max_length=1_000)
    note: Annotated[Text, Field(max_length=200)] | None = None
