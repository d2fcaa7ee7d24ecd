"""The task of the webhook worker."""

from __future__ import annotations

from collections.abc import Callable

from hub_api.services import Services
from hub_api.webhooks.delivery.lanes import Lanes
from hub_api.webhooks.delivery.run import Deliverer, make_run
from hub_api.webhooks.delivery.waking import Waking
from hub_api.webhooks.outbox.backlog import Heartbeat

THREADS = 32  # of the worker: so many lanes are worked at once


def make_deliverer(services: Services) -> Deliverer:
    """Delivers for this process; wakes another thread where more is due than one does."""
    lanes = Lanes(services.database, THREADS)
    looked = Heartbeat(services.client, services.keys).beat
    return Deliverer(services, lanes, wake_another=Waking(services).wake, looked=looked)


def make_deliver(services: Services) -> Callable[[], object]:
    """The task that beat publishes."""
    return make_run(make_deliverer(services))
