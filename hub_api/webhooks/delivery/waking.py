"""Tells the webhook worker that something is due. A notification that is lost costs a second: beat sends some, too."""

from __future__ import annotations

from kombu.exceptions import OperationalError as BrokerAway
from sqlalchemy import select

from celery_config import make_celery
from hub_api.services import Services
from hub_api.webhooks.models import WebhookLane
from shared import names
from shared.instant import now_ms
from shared.logs import get_logger

_log = get_logger(__name__)
_LIVES_S = 5  # beat has sent others by then


class Waking:
    """One per process; nothing connects before it is used."""

    def __init__(self, services: Services) -> None:
        self._database = services.database
        self._celery = make_celery(services.settings)

    def wake(self) -> None:
        """Has one more thread of the worker look. Never raises for a broker that is away."""
        try:
            self._celery.send_task(names.TASK_DELIVER_WEBHOOKS, expires=_LIVES_S, retry=False, ignore_result=True)
        except (BrokerAway, OSError) as error:
            _log.warning("webhook.wake_failed", reason=type(error).__name__)

    def wake_where_due(self) -> None:
        """The same, where a lane is due and nobody works in it. Raises sqlalchemy.exc.SQLAlchemyError."""
        now = now_ms()
        statement = select(WebhookLane.id).where(WebhookLane.next_at <= now, WebhookLane.taken_until <= now).limit(1)
        with self._database.reading() as session:
            due = session.scalar(statement)
        if due is not None:
            self.wake()
