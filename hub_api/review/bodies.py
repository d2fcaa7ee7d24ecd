"""What callers send about review, validated once at the edge."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub_api.web.fields import MOST_IN_BULK, Input, ShortId


class SettleBody(Input):
    """What a person says became of an uncertain message."""

    status: Literal["sent", "failed", "queued"] = Field(description="`queued` has it sent again")


class HeldBody(Input):
    """What a person decides about messages that wait since another phone was paired."""

    action: Literal["release", "cancel"]
    message_ids: list[ShortId] | None = Field(default=None, max_length=MOST_IN_BULK, description="None means all")
