"""Runs the background worker: a Celery worker of three threads on the queue `background`."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from celery import signals
from celery.apps.worker import Worker
from celery.platforms import SecurityWarning
from celery.worker import state

from celery_config import make_celery
from hub_api import background_tasks as tasks
from hub_api.database import migrate
from hub_api.ending import end_on_signal
from shared import logs, names
from shared.settings import Settings

_HOSTNAME = "background@leadmaster"


class BackgroundWorker(Worker):  # type: ignore[misc]
    """Celery's worker with our signals: a second Ctrl-C must not lose the task in hand."""

    grace_s = 15.0  # seconds from the first signal until the end is forced

    def install_platform_tweaks(self, worker: Worker) -> None:
        """Celery's hook for signal handlers."""
        end_on_signal(_stop, self.grace_s)


def run(settings: Settings) -> int:
    """Works until SIGTERM or SIGINT and returns the exit status. Starts while Redis is down and works once it is up."""
    logs.configure("background", settings.log_level, settings.log_format)
    for each_run in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(each_run).setLevel(logging.WARNING)  # several a second
    # Root is for the operator to decide; no pickled content is accepted in any case.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    migrate(settings.sqlalchemy_url)
    app = make_celery(settings)
    parts = tasks.make_background(settings)
    tasks.register(app, parts)
    signals.setup_logging.connect(_keep_our_logging, weak=False)
    worker = BackgroundWorker(
        app=app,
        hostname=_HOSTNAME,
        pool="threads",
        concurrency=3,
        queues=[names.BACKGROUND_QUEUE],
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.grace_s = settings.shutdown_grace_seconds
    end_on_signal(_stop, settings.shutdown_grace_seconds)
    try:
        worker.start()
    finally:
        parts.close()
    return int(worker.exitcode or 0)


def _stop() -> None:
    state.should_stop = 0  # Celery's own flag: finish what runs, then exit with this status


def _keep_our_logging(**_: Any) -> None:
    """While this is connected, Celery leaves logging alone."""
