"""Flower behind a password, on this machine's own address: Celery's workers by tenant, e.g. `sender_51@leadmaster`."""

from __future__ import annotations

import logging
from typing import Any

import tornado.web
from flower.app import Flower
from flower.options import default_options
from flower.urls import settings as flower_settings
from flower.views.monitor import Metrics
from tornado.ioloop import IOLoop

from celery_config import make_celery
from leadmaster.installation.addresses import FLOWER_HOST, FLOWER_USER
from shared import logs
from shared.process.shutdown import end_on_signal
from shared.settings import Settings, SettingsError

_MAX_TASKS = 10_000  # kept in memory; the ledger is the record, this is a window on it


class GuardedMetrics(Metrics):  # type: ignore[misc]
    """Flower leaves `/metrics` open to anyone; here it asks for the password like every other page."""

    @tornado.web.authenticated
    async def get(self) -> None:
        await super().get()


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises SettingsError where no password is set."""
    if settings.flower_password is None:
        raise SettingsError("FLOWER_PASSWORD: must be set; Flower does not start without one")
    logs.configure("flower", settings.log_level, settings.log_format)
    # It warns at every question while no worker runs, which is no fault.
    logging.getLogger("flower.inspector").setLevel(logging.CRITICAL)
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    default_options.basic_auth = [f"{FLOWER_USER}:{settings.flower_password.get_secret_value()}"]
    default_options.address = FLOWER_HOST
    default_options.port = settings.flower_port
    default_options.max_tasks = _MAX_TASKS
    default_options.persistent = False
    default_options.purge_offline_workers = 60
    flower = _guarded(settings)
    loop = IOLoop.current()
    end_on_signal(lambda: loop.add_callback_from_signal(flower.stop), settings.shutdown_grace_seconds)
    flower.start_http_server()
    flower.start()


def _guarded(settings: Settings) -> Any:
    """The web application with the guarded page in place of the open one."""
    app = Flower(capp=make_celery(settings), options=default_options, **flower_settings)
    app.add_handlers(r".*", [(r"/metrics", GuardedMetrics)])
    return app
