"""What callers send about a tenant's settings and the switch, validated once at the edge."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import AfterValidator, Field, StrictBool, StrictStr

from hub_api.campaigns.bodies import Named
from hub_api.web.fields import MessageText, Text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be an IANA time zone such as America/Argentina/Buenos_Aires") from error
    return text


def _country(text: str) -> str:
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("must be a two-letter country code such as AR")
    return text


class SwitchBody(Named):
    enabled: StrictBool


class SettingsBody(Named):
    """What is not given stays; null means the installation's."""

    timezone: Annotated[StrictStr, Field(max_length=64), AfterValidator(_timezone)] | None = None
    country: Annotated[StrictStr, AfterValidator(_country)] | None = None
    optout_keywords: (
        Annotated[list[Annotated[Text, Field(min_length=1, max_length=40)]], Field(min_length=1, max_length=20)] | None
    ) = None
    optout_answer: MessageText | None = None
