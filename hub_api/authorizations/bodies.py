"""What admins send about who may pair, validated once at the edge."""

from __future__ import annotations

from pydantic import StrictBool

from hub_api.web.fields import Input, Moment


class QrAuthorizationBody(Input):
    enabled: StrictBool
    expires_at: Moment | None = None
