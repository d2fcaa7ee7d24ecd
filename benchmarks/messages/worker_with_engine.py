"""A session worker as the product has it, but for its engine, and lines on stdin for that engine."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from unittest import mock

from session_worker.engine.playwright_adapter.engine import PlaywrightEngine
from session_worker.host.host_id import new_host_id
from session_worker.worker.process import run_worker
from session_worker.worker.profile_store import open_store
from shared import logs
from shared.settings import load_settings


def run_worker_with(engine: type[PlaywrightEngine], serve: Callable[[], None]) -> int:
    """Runs the worker of the tenant in `sys.argv[1]`, with settings from the environment, until SIGTERM.

    engine: made instead of the product's own. serve: reads stdin, on a thread of its own. Returns the exit status.
    """
    settings = load_settings()
    logs.configure("bench", settings.log_level, settings.log_format)
    threading.Thread(target=serve, daemon=True).start()
    with mock.patch("session_worker.worker.process.make_engine", engine):
        return run_worker(settings, open_store(settings.profiles_dir), int(sys.argv[1]), "bench", new_host_id())
