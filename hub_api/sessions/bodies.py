"""What callers send about sessions, validated once at the edge."""

from __future__ import annotations

from pydantic import Field, StrictBool

from hub_api.web.fields import Cursor, Input, Limit, Moment, Number, TenantPath, Wait


class NumberPath(TenantPath):
    number: Number


class DisconnectBody(Input):
    logout: StrictBool = Field(default=False, description="Also unlinks the phone")


class QrQuery(Input):
    wait: Wait = Field(default=25, description="Seconds to wait for a code")


class PairingBody(Input):
    phone_number: Number


class QrAuthorizationBody(Input):
    enabled: StrictBool
    expires_at: Moment | None = None


class SessionsQuery(Input):
    cursor: Cursor | None = None
    limit: Limit = 100
