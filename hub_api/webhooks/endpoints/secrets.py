"""The secrets by which an endpoint's deliveries are signed. They are kept as they are, for they must sign; they are
answered once, when they are made, and stand in no log and in no line of the audit trail."""

from __future__ import annotations

import base64
import secrets

from hub_api.webhooks.models import WebhookEndpoint

BOTH_VALID_MS = 24 * 3_600_000  # so long after a rotation the secret before signs as well


def new_secret() -> str:
    """A fresh one, as the Standard Webhooks specification writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def rotate(endpoint: WebhookEndpoint, now_ms: int) -> str:
    """Gives an endpoint a fresh secret and returns it."""
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now_ms + BOTH_VALID_MS
    endpoint.secret = new_secret()
    return endpoint.secret


def secrets_in_force(endpoint: WebhookEndpoint, now_ms: int) -> tuple[str, ...]:
    """Those that sign now, the newest first."""
    if endpoint.previous_secret is None or (endpoint.previous_until or 0) <= now_ms:
        return (endpoint.secret,)
    return endpoint.secret, endpoint.previous_secret
