"""What callers send about acts, validated once at the edge."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from hub_api.web.fields import Input, MessageText, TenantPath, Text, Wait

MAX_EMOJI = 32  # code points: a family with skin tones has a dozen, a flag of a region seven
_LETTERS = ("L", "N", "Z")


def _emoji(text: str) -> str:
    """No list of emojis stays complete: only what is certainly none is refused."""
    if text and all(unicodedata.category(one).startswith(_LETTERS) or one.isascii() for one in text):
        raise ValueError("must be an emoji, or empty to take the reaction back")
    return text


Emoji = Annotated[
    Text, Field(max_length=MAX_EMOJI, description="Empty: the reaction is taken back"), AfterValidator(_emoji)
]


class TargetPath(TenantPath):
    """A message in the URL."""

    message_id: str = Field(
        description="Ours, or WhatsApp's key of a message of any direction (`whatsapp_id`)",
        min_length=1,
        max_length=200,
    )


class ActPath(TenantPath):
    """An act in the URL."""

    act_id: str = Field(max_length=64)


class ActWaitQuery(Input):
    wait: Wait = Field(default=0, description="Seconds to wait for the outcome")


class ReactBody(Input):
    emoji: Emoji


class EditBody(Input):
    message: MessageText
