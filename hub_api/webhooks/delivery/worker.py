"""Runs the webhook worker: a Celery worker on the queue `webhooks`, with a pool of its own, so that an endpoint that
hangs keeps nothing else of the hub waiting."""

from __future__ import annotations

from celery_config import make_celery
from hub_api.database import migrate
from hub_api.services import make_services
from hub_api.webhooks.delivery.run import make_run
from hub_api.webhooks.delivery.task import THREADS, make_deliverer
from shared import logs, names
from shared.clock.timekeeper import Timekeeper
from shared.process.celery_worker import CeleryWorker
from shared.process.shutdown import end_on_signal
from shared.settings import Settings

_HOSTNAME = "webhooks@leadmaster"
_TO_SPARE_S = 4.0  # of the grace, for keeping what came of the last attempts


def run(settings: Settings) -> int:
    """Works until SIGTERM or SIGINT and returns the exit status. Starts while Redis is down and works once it is up."""
    logs.configure("webhooks", settings.log_level, settings.log_format)
    migrate(settings.sqlalchemy_url)
    app = make_celery(settings, queue=names.WEBHOOK_QUEUE)
    services = make_services(settings)
    deliverer = make_deliverer(services)
    app.task(make_run(deliverer), name=names.TASK_DELIVER_WEBHOOKS, shared=False)

    def stop() -> None:
        deliverer.end(max(0.0, settings.shutdown_grace_seconds - _TO_SPARE_S))
        worker.stop()

    def install_signals() -> None:
        end_on_signal(stop, settings.shutdown_grace_seconds)

    worker = CeleryWorker(
        app, hostname=_HOSTNAME, queues=[names.WEBHOOK_QUEUE], concurrency=THREADS, install_signals=install_signals
    )
    install_signals()
    timekeeper = Timekeeper(services.client, services.keys)
    timekeeper.start(patient=True)
    try:
        return worker.run()
    finally:
        timekeeper.stop()
        services.close()
