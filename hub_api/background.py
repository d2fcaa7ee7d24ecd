"""Runs the background worker: a Celery worker of three threads on the queue `background`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from celery_config import make_celery
from hub_api.database import migrate
from hub_api.services import Services, make_services
from hub_api.subjects import periodic_tasks
from shared import logs, names
from shared.clock.timekeeper import Timekeeper
from shared.process.celery_worker import CeleryWorker
from shared.process.shutdown import end_on_signal
from shared.process.woken import WokenTask
from shared.redis.alone import alone
from shared.settings import Settings

_HOSTNAME = "background@leadmaster"


def run(settings: Settings) -> int:
    """Works until SIGTERM or SIGINT and returns the exit status. Starts while Redis is down and works once it is up."""
    logs.configure("background", settings.log_level, settings.log_format)
    migrate(settings.sqlalchemy_url)
    app = make_celery(settings)
    services = make_services(settings)
    tasks = make_tasks(services)
    for name, work in tasks.items():
        app.task(work, name=name, shared=False)  # no other app of this process is to have it

    def install_signals() -> None:
        end_on_signal(worker.stop, settings.shutdown_grace_seconds)

    worker = CeleryWorker(
        app, hostname=_HOSTNAME, queues=[names.BACKGROUND_QUEUE], concurrency=3, install_signals=install_signals
    )
    install_signals()
    timekeeper = Timekeeper(services.client, services.keys)
    timekeeper.start(patient=True)  # what waits is ended by this process, when its time is up
    try:
        with _woken(services, tasks):
            return worker.run()
    finally:
        timekeeper.stop()
        services.close()


@contextlib.contextmanager
def _woken(services: Services, tasks: Mapping[str, Callable[[], bool]]) -> Iterator[None]:
    """Meanwhile tasks that are woken run at each notification, besides on time."""
    with contextlib.ExitStack() as stack:
        for task in periodic_tasks():
            if task.woken_by is not None:
                woken = WokenTask(task.name, tasks[task.name])
                woken.start()
                stack.callback(woken.stop)
                stack.enter_context(services.notifications.listening(task.woken_by(services.keys), woken.wake))
        yield


def make_tasks(services: Services) -> dict[str, Callable[[], bool]]:
    """Every subject's tasks of this worker by name, each made once."""
    return {
        task.name: alone(services.client, services.keys.task_lock(task.name), task.make(services))
        for task in periodic_tasks()
        if task.queue == names.BACKGROUND_QUEUE
    }
