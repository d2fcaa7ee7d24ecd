"""Runs the hub under gunicorn: threads, so that requests that wait do not keep others waiting."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path
from typing import Any

from flask_openapi3.openapi import OpenAPI
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from hub_api.app import attach, create_app
from hub_api.database import migrate
from hub_api.services import Services, make_services
from hub_api.subjects import subjects
from shared import logs
from shared.clock.timekeeper import Timekeeper
from shared.settings import Settings

_log = logs.get_logger(__name__)

_OF_GRACE = 2 / 3  # A connection that asks nothing is waited for so long; the rest is for the end of the processes.


class _ServerLog(Logger):  # type: ignore[misc]
    """gunicorn's own lines, through the hub's logging; no access log, commands leave their lines themselves."""

    def setup(self, cfg: Any) -> None:
        """gunicorn's hook."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class HubServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, set up from the settings instead of a command line."""

    def __init__(self, settings: Settings, app: OpenAPI, ready_file: Path | None = None) -> None:
        """app: each process gives it services of its own.

        ready_file: gets the real URL once the hub listens, for HUB_PORT=0.
        """
        self._settings = settings
        self._app = app
        self._ready_file = ready_file
        self._services: Services | None = None
        super().__init__()

    def load_config(self) -> None:
        """gunicorn's hook: its settings."""
        settings = self._settings
        bind = [_address(settings.hub_bind, settings.hub_port)]
        if settings.legacy_port is not None:
            bind.append(_address(settings.hub_bind, settings.legacy_port))
        values: dict[str, Any] = {
            "bind": bind,
            "worker_class": "gthread",
            "workers": settings.hub_workers,
            "threads": settings.hub_threads,
            "worker_connections": settings.hub_threads * 8,
            "timeout": 60,
            "graceful_timeout": max(1, int(settings.shutdown_grace_seconds * _OF_GRACE)),
            "keepalive": 30,
            "limit_request_line": 8190,
            "proc_name": "leadmaster-hub",
            "loglevel": "warning",
            "logger_class": _ServerLog,
            "forwarded_allow_ips": "127.0.0.1" if not settings.trusted_proxies else "*",
            "control_socket_disable": True,
            "when_ready": self._when_ready,
            "post_worker_init": self._worker_started,
        }
        for name, value in values.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """gunicorn's hook: the application, given its services in each worker process after the fork."""
        self._services = make_services(self._settings)
        Timekeeper(self._services.client, self._services.keys).start()
        for start in [make(self._services) for subject in subjects() for make in subject.in_hub]:
            start()
        attach(self._app, self._services)
        return self._app

    def _when_ready(self, server: Any) -> None:
        signal.signal(signal.SIGINT, lambda *_: os.kill(os.getpid(), signal.SIGTERM))  # Ctrl-C too ends in order
        urls = [f"http://{listener.cfg_addr[0]}:{listener.sock.getsockname()[1]}" for listener in server.LISTENERS]
        _log.info("hub.listens", urls=urls)
        if self._ready_file is not None:
            partial = self._ready_file.with_suffix(".partial")
            partial.write_text(urls[0] + "\n", "utf-8")
            os.replace(partial, self._ready_file)

    def _worker_started(self, worker: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to every process; the parent decides
        if self._services is not None:
            self._services.waiting.ending = lambda: not worker.alive


def run(settings: Settings, ready_file: Path | None = None) -> None:
    """Serves until SIGTERM or SIGINT. Raises SettingsError for what is missing. Starts while Redis is down."""
    logs.configure("hub", settings.log_level, settings.log_format)
    services = make_services(settings)
    app = create_app(settings, services)  # says what is missing, and loads all code, before anything forks
    services.close()
    migrate(settings.sqlalchemy_url)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each open stream is a descriptor
    HubServer(settings, app, ready_file).run()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
