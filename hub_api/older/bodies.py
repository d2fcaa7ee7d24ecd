"""What callers send about older, validated once at the edge."""

from __future__ import annotations

from pydantic import Field

from hub_api.web.fields import ClienteId, Input, MessageText, Number


class InstancePath(Input):
    instance_id: str = Field(description="`sender_<cliente_id>`")


class NoBody(Input):
    """Older calls may name the tenant in a body."""

    cliente_id: ClienteId | None = None


class OlderSendBody(Input):
    """One message, its tenant named."""

    cliente_id: ClienteId
    to: Number
    message: MessageText


class OlderSenderBody(Input):
    """One message from the caller's own session."""

    destinatario: Number
    mensaje: MessageText
