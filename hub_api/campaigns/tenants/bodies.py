"""What callers send about a tenant's settings and the switch, validated once at the edge."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool

from hub_api.accounts.tenants.bodies import Country, Timezone
from hub_api.campaigns.bodies import Named
from hub_api.web.fields import MessageText, Text


class SwitchBody(Named):
    enabled: StrictBool


class SettingsBody(Named):
    """What is not given stays; null means the installation's."""

    timezone: Timezone | None = None
    country: Country | None = None
    optout_keywords: (
        Annotated[list[Annotated[Text, Field(min_length=1, max_length=40)]], Field(min_length=1, max_length=20)] | None
    ) = None
    optout_answer: MessageText | None = None
