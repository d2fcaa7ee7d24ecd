"""What callers send about conversations, validated once at the edge."""

from __future__ import annotations

from hub_api.inbox.bodies import ChatId
from hub_api.web.fields import Cursor, Input, Limit, TenantPath


class ChatPath(TenantPath):
    """A conversation in the URL."""

    chat_id: ChatId


class PageQuery(Input):
    """A page of a list, newest first."""

    cursor: Cursor | None = None
    limit: Limit = 50
