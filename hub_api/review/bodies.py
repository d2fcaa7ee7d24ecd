"""What callers send about what persons decide, validated once at the edge."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub_api.web.fields import MAX_IN_BULK, Input, ShortId


class ResolveBody(Input):
    """What a person says became of an uncertain message."""

    outcome: Literal["sent", "failed", "queued"] = Field(description="`queued` has it sent again")


class HeldBody(Input):
    """What a person decides about messages that wait since another phone was paired."""

    action: Literal["release", "cancel"]
    message_ids: list[ShortId] | None = Field(default=None, max_length=MAX_IN_BULK, description="None means all")
