"""The headers by which a receiver knows that a post is ours, by the Standard Webhooks specification."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook


def signed_headers(delivery_id: str, body: str, secrets: Sequence[str], at_s: int) -> dict[str, str]:
    """secrets: each of them signs, so that a receiver that knows one of them is satisfied. at_s: of this attempt."""
    moment = datetime.fromtimestamp(at_s, UTC)
    signatures = [Webhook(secret).sign(delivery_id, moment, body) for secret in secrets]
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signatures),
    }
