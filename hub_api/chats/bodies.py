"""What callers send about conversations, validated once at the edge."""

from __future__ import annotations

from pydantic import Field, StrictBool

from hub_api.inbox.bodies import ChatId
from hub_api.web.fields import Cursor, Input, Limit, TenantPath

MAX_TYPING_S = 60


class ChatPath(TenantPath):
    """A conversation in the URL."""

    chat_id: ChatId


class PageQuery(Input):
    """A page of a list, newest first."""

    cursor: Cursor | None = None
    limit: Limit = 50


class TypingBody(Input):
    seconds: float = Field(default=5, ge=1, le=MAX_TYPING_S, allow_inf_nan=False)
    recording: StrictBool = Field(default=False, description="A voice note instead of a text")
