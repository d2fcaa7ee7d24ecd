"""What callers send about groups, validated once at the edge."""

from __future__ import annotations

from pydantic import Field

from hub_api.web.fields import TenantPath


class GroupPath(TenantPath):
    """A group in the URL."""

    group_id: str = Field(pattern=r"^[0-9-]{1,60}@g\.us$", description="`…@g.us`")
