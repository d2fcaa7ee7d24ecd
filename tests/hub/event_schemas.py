"""What callers are told is what the document's section `webhooks` says of it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema_rs

from hub_api import document


@cache
def _schemas() -> dict[str, Any]:
    """By type of event: the body's schema, no field of which may be missing in the document."""
    spec = json.loads(document.current())
    _close(spec["components"]["schemas"])
    _close(spec["webhooks"])
    bodies = {
        kind: operation["post"]["requestBody"]["content"]["application/json"]["schema"]
        for kind, operation in spec["webhooks"].items()
    }
    return {
        kind: jsonschema_rs.validator_for({**body, "components": spec["components"]}) for kind, body in bodies.items()
    }


def _close(part: Any) -> None:
    """Nothing stands in an object that its schema does not name."""
    if isinstance(part, dict):
        if part.get("type") == "object" and "properties" in part:
            part.setdefault("additionalProperties", False)
        for inner in part.values():
            _close(inner)
    elif isinstance(part, list):
        for inner in part:
            _close(inner)


def documented(body: str) -> dict[str, Any]:
    """An event's body as it was emitted, read. Raises jsonschema_rs.ValidationError where it is another than said."""
    told: dict[str, Any] = json.loads(body)
    _schemas()[told["type"]].validate(told)
    return told
