"""What callers send about pairing, validated once at the edge."""

from __future__ import annotations

from pydantic import Field, StrictBool

from hub_api.web.fields import Input, Moment, Number, Wait


class QrQuery(Input):
    wait: Wait = Field(default=25, description="Seconds to wait for a code")


class PairingBody(Input):
    phone_number: Number


class QrAuthorizationBody(Input):
    enabled: StrictBool
    expires_at: Moment | None = None
