"""The section `webhooks` of the OpenAPI document: what is posted for each type. Pure."""

from __future__ import annotations

from typing import Any

from hub_api.public_events.envelope import VERSION
from hub_api.public_events.types import PublicEventType

# What `data` is: a schema that the document has, by its name, or one of two; and when it comes.
_TYPES: dict[PublicEventType, tuple[str, str]] = {
    PublicEventType.MESSAGE_RECEIVED: (
        "InboundFields",
        "A message came in; `direction` is `out` for what the owner wrote on the phone itself.",
    ),
    PublicEventType.MESSAGE_UPDATED: (
        "InboundFields | ChatMessageFields",
        "A message was edited, deleted for everyone or reacted to, or its media came: the message as it is now, one "
        "that you sent as its conversation shows it; of a reaction, the reaction.",
    ),
    PublicEventType.MESSAGE_STATUS: (
        "MessageFields",
        "A message of yours is `sent`, `delivered`, `read`, `failed`, `uncertain`, `expired` or `cancelled`.",
    ),
    PublicEventType.SESSION_STATUS: ("MovedSession", "The session has another status. Never with a code."),
    PublicEventType.SESSION_QR: ("ScannableSession", "A code waits to be scanned; for tenants that may."),
    PublicEventType.CAMPAIGN_STATUS: ("CampaignFields", "A campaign has another state."),
    PublicEventType.OPTOUT_CHANGED: ("OptOutChange", "A number came onto the opt-out list, or left it: `opted_out`."),
    PublicEventType.WEBHOOK_DISABLED: (
        "WebhookFields",
        "Another webhook of the tenant was disabled by itself: it answered 410, or failed for five days.",
    ),
}
_HEADERS = {
    "webhook-id": "The event's id, the same at each attempt: what was handled before may be passed over",
    "webhook-timestamp": "Seconds since the epoch, of this attempt",
    "webhook-signature": "One or more, `v1,<base64>`, separated by blanks",
}
_ANSWERS = {
    "2XX": "Delivered",
    "410": "The webhook is disabled at once",
    "default": "Anything else, redirects included, is tried again",
}


def webhooks_section() -> dict[str, Any]:
    """By type of event."""
    return {kind.value: {"post": _operation(kind, schema, text)} for kind, (schema, text) in _TYPES.items()}


def _operation(kind: PublicEventType, schema: str, text: str) -> dict[str, Any]:
    return {
        "summary": kind.value,
        "description": f"{text} Signed by the Standard Webhooks specification.",
        "operationId": "webhook_" + kind.value.replace(".", "_"),
        "tags": ["webhooks"],
        "security": [],
        "parameters": [
            {"in": "header", "name": name, "required": True, "description": said, "schema": {"type": "string"}}
            for name, said in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _envelope(kind, schema)}}},
        "responses": {code: {"description": said} for code, said in _ANSWERS.items()},
    }


def _envelope(kind: PublicEventType, schema: str) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": {"type": "string", "description": "As `webhook-id`"},
        "type": {"const": kind.value},
        "version": {"const": VERSION, "description": "Of this envelope"},
        "timestamp": {"type": "string", "format": "date-time", "description": "When it happened"},
        "cliente_id": {"type": "integer"},
        "data": _data(schema),
    }
    return {"type": "object", "required": list(fields), "properties": fields}


def _data(schema: str) -> dict[str, Any]:
    found = [{"$ref": f"#/components/schemas/{name}"} for name in schema.split(" | ")]
    return found[0] if len(found) == 1 else {"anyOf": found}
