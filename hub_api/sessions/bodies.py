"""What callers send about sessions, validated once at the edge."""

from __future__ import annotations

from pydantic import Field, StrictBool

from hub_api.web.fields import Cursor, Input, Limit


class DisconnectBody(Input):
    logout: StrictBool = Field(default=False, description="Also unlinks the phone")


class SessionsQuery(Input):
    cursor: Cursor | None = None
    limit: Limit = 100
