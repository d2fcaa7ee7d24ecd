"""An endpoint as callers see it; never with a secret."""

from __future__ import annotations

import json
from typing import Any

from hub_api.webhooks.models import WebhookEndpoint
from shared.instant import to_iso


def to_object(row: WebhookEndpoint) -> dict[str, Any]:
    """The webhook object."""
    return {
        "webhook_id": row.webhook_id,
        "cliente_id": row.cliente_id,
        "url": row.url,
        "events": None if row.events is None else json.loads(row.events),
        "headers": json.loads(row.headers),
        "active": row.active,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
        "disabled_at": to_iso(row.disabled_at),
        "disabled_reason": row.disabled_reason,
        "failing_since": to_iso(row.failing_since),
        "previous_secret_until": to_iso(row.previous_until) if row.previous_secret is not None else None,
    }
