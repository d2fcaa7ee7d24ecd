"""Runs celery beat: publishes the background tasks on time. It outlives an outage of Redis."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from celery.beat import Service

from celery_config import make_celery
from shared import logs, names
from shared.process.shutdown import end_on_signal
from shared.settings import Settings

_MAX_SLEEP_S = 1

# Seconds between two runs of each task; a run that waited longer is dropped. What a task does, its subject registers
# (`hub_api.registry.PeriodicTask`): beat loads none of them.
EVERY_S: Mapping[str, Callable[[Settings], float]] = {
    names.TASK_MIRROR_TENANTS: lambda settings: 10.0,
    names.TASK_EXPIRE_OVERDUE: lambda settings: 5.0,
    names.TASK_END_ACTS: lambda settings: 5.0,
    names.TASK_FORGET_MEDIA: lambda settings: 900.0,
    names.TASK_DRAIN_EVENTS: lambda settings: 1.0,
    names.TASK_FORGET_OLD: lambda settings: 3_600.0,
    names.TASK_WAKE_WAITING: lambda settings: 10.0,
    names.TASK_FIND_LOST_HOSTS: lambda settings: 15.0,
    names.TASK_SWEEP: lambda settings: 30.0,
    names.TASK_CHECK_BALANCE: lambda settings: 60.0,
    names.TASK_CAMPAIGN_TICK: lambda settings: settings.campaign_tick_seconds,
    names.TASK_CAMPAIGN_IMPORTS: lambda settings: 1.0,
    names.TASK_CAMPAIGN_RECOUNT: lambda settings: 60.0,  # one campaign at a time
    names.TASK_DELIVER_WEBHOOKS: lambda settings: 1.0,  # finds what no notification told
    names.TASK_RECORD_DEPTHS: lambda settings: 15.0,
}


def run(settings: Settings) -> int:
    """Works until SIGTERM or SIGINT and returns the exit status. One per installation."""
    logs.configure("beat", settings.log_level, settings.log_format)
    logging.getLogger("celery.beat").setLevel(logging.WARNING)  # a line for each task it sends
    folder = settings.leadmaster_data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    app = make_celery(settings, periodic={task: every_s(settings) for task, every_s in EVERY_S.items()})
    app.finalize()
    service = Service(app=app, max_interval=_MAX_SLEEP_S, schedule_filename=str(folder / "beat-schedule"))
    end_on_signal(service.stop, settings.shutdown_grace_seconds)
    service.start()
    return 0
