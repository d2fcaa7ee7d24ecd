"""What callers send about pairing, validated once at the edge."""

from __future__ import annotations

from pydantic import Field

from hub_api.web.fields import Input, Number, Wait


class QrQuery(Input):
    wait: Wait = Field(default=25, description="Seconds to wait for a code")


class PairingBody(Input):
    phone_number: Number
