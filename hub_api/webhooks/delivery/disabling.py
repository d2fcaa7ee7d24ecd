"""An endpoint is disabled by itself: what waits for it stays as failed, and the tenant's others are told."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail
from hub_api.public_events import pending
from hub_api.public_events.envelope import Change
from hub_api.public_events.types import PublicEventType
from hub_api.webhooks.delivery.health import Disabled
from hub_api.webhooks.endpoints.shown import to_object
from hub_api.webhooks.models import WebhookEndpoint
from hub_api.webhooks.outbox.queue import give_up_waiting
from shared.logs import get_logger

_log = get_logger(__name__)


def disable(session: Session, endpoint: WebhookEndpoint, reason: Disabled, now_ms: int) -> None:
    """Within the caller's transaction, which holds one of its lanes. Raises sqlalchemy.exc.SQLAlchemyError."""
    endpoint.active = False
    endpoint.disabled_at, endpoint.disabled_reason, endpoint.updated_at = now_ms, reason.value, now_ms
    session.flush()
    give_up_waiting(session, endpoint.id, now_ms)
    trail.note(session, trail.CLOCK, "webhook.disable", endpoint.cliente_id, endpoint.webhook_id, reason=reason.value)
    _log.warning(
        "webhook.disabled", cliente_id=endpoint.cliente_id, webhook_id=endpoint.webhook_id, reason=reason.value
    )
    pending.note(session, Change(endpoint.cliente_id, PublicEventType.WEBHOOK_DISABLED, now_ms, to_object(endpoint)))
