"""A tenant's real worker process: everything real but the browser, which the fake engine stands in for."""

from __future__ import annotations

import multiprocessing
import os
import secrets
from multiprocessing.context import ForkServerProcess

from session_worker.worker.process import run_worker
from session_worker.worker.profile_store import open_store
from shared import logs
from shared.settings import Settings

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["support.worker_process", "celery.apps.worker", "kombu.transport.redis"])


def start_worker(settings: Settings, cliente_id: int = 51) -> ForkServerProcess:
    """Starts it; the caller ends it. settings: with a `fake://` address."""
    process = _FORKS.Process(target=_run, args=(settings.model_dump(), cliente_id, secrets.token_hex(8)))
    process.start()
    return process


def end_worker(process: ForkServerProcess) -> None:
    """Ends it for sure."""
    if process.is_alive():
        process.terminate()
        process.join(20)
    if process.is_alive():
        process.kill()
        process.join(20)
    process.close()


def _run(values: dict[str, object], cliente_id: int, token: str) -> None:
    settings = Settings.model_validate(values)
    logs.configure("session", "warning", "json")
    os._exit(run_worker(settings, open_store(settings.profiles_dir), cliente_id, token, "test/1"))
