"""Runs celery beat: publishes the background tasks on time. It outlives an outage of Redis."""

from __future__ import annotations

import logging

from celery.beat import Service

from celery_config import make_celery
from hub_api.subjects import periodic_tasks
from shared import logs
from shared.process.shutdown import end_on_signal
from shared.settings import Settings

_MAX_SLEEP_S = 1


def run(settings: Settings) -> int:
    """Works until SIGTERM or SIGINT and returns the exit status. One per installation."""
    logs.configure("beat", settings.log_level, settings.log_format)
    logging.getLogger("celery.beat").setLevel(logging.WARNING)  # a line for each task it sends
    folder = settings.leadmaster_data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    app = make_celery(settings, periodic={task.name: task.every_s(settings) for task in periodic_tasks()})
    app.finalize()
    service = Service(app=app, max_interval=_MAX_SLEEP_S, schedule_filename=str(folder / "beat-schedule"))
    end_on_signal(service.stop, settings.shutdown_grace_seconds)
    service.start()
    return 0
