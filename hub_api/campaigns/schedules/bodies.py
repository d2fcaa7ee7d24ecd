"""What callers send about schedules, validated once at the edge."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictInt, StrictStr, model_validator

from hub_api.campaigns.bodies import Name, Named
from hub_api.campaigns.planning.hours import DAY_MINUTES
from hub_api.web.fields import Cursor, Input, Limit, Text


def clock_minute(text: str) -> int:
    """`09:30` → 570, `24:00` → 1440. Raises ValueError."""
    hours, colon, minutes = text.partition(":")
    if not colon or not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()):
        raise ValueError("must be a time such as 09:30")
    found = int(hours) * 60 + int(minutes)
    if len(minutes) != 2 or len(hours) > 2 or int(minutes) > 59 or found > DAY_MINUTES:
        raise ValueError("must be between 00:00 and 24:00")
    return found


def _minute(text: str) -> str:
    clock_minute(text)
    return text


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueError("must be a day such as 2026-11-20") from error


Clock = Annotated[StrictStr, Field(max_length=5, examples=["09:00"]), AfterValidator(_minute)]
Day = Annotated[StrictStr, Field(max_length=10, json_schema_extra={"format": "date"}), AfterValidator(_day)]
Comment = Annotated[Text, Field(min_length=1, max_length=2_000)]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class SchedulePath(Input):
    schedule_id: str = Field(max_length=64)


class WarmupBody(Input):
    first: StrictInt = Field(ge=1, le=100_000, description="Messages on the first day")
    step: StrictInt = Field(ge=0, le=100_000, description="More on each further day")
    since: Day | None = Field(default=None, description="The first day; today where none is given")


class ScheduleBody(Named):
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


class CommentBody(Named):
    comment: Comment


class DecisionBody(Named):
    comment: Comment | None = None


class SchedulesQuery(Input):
    state: Literal["pendiente", "aprobada", "rechazada", "pausada"] | None = None
    cursor: Cursor | None = None
    limit: Limit = 100
