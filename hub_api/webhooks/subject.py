"""What webhooks add to the hub. Nothing imports this but the list of subjects."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement

from hub_api.registry import Expiring, PeriodicTask, ReadyPart, RecordedHook, Subject
from hub_api.services import Services
from hub_api.webhooks.delivery.task import make_deliver
from hub_api.webhooks.delivery.waking import Waking
from hub_api.webhooks.described import webhooks_section
from hub_api.webhooks.models import WebhookAttempt, WebhookDelivery
from hub_api.webhooks.outbox import backlog
from hub_api.webhooks.outbox.writer import Outbox
from shared import names
from shared.settings import Settings


def _wake(services: Services) -> Callable[[], object]:
    return Waking(services).wake_where_due


def _told(services: Services) -> RecordedHook:
    waking = Waking(services)
    return lambda events: waking.wake_where_due()


def _work(settings: Settings) -> int:
    from hub_api.webhooks.delivery.worker import run  # noqa: PLC0415  no other process needs Celery's worker for it

    return run(settings)


def _is_old(before: int) -> ColumnElement[bool]:
    return WebhookDelivery.ended_at < before


SUBJECT = Subject(
    name="webhooks",
    views=("hub_api.webhooks.endpoints.views", "hub_api.webhooks.deliveries.views"),
    published=(Outbox,),
    recorded=(_told,),
    after_events=(_wake,),
    tasks=(PeriodicTask(names.TASK_DELIVER_WEBHOOKS, make_deliver, names.WEBHOOK_QUEUE),),
    document={"webhooks": webhooks_section()},
    command_line={"webhooks": _work},
    expiring=(Expiring("webhook_deliveries", WebhookDelivery.id, _is_old, together=(WebhookAttempt.delivery,)),),
    ready=(ReadyPart("webhooks", backlog.worker_state, backlog.depths),),
)
