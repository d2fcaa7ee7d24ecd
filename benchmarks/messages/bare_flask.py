"""What the hub is measured against: a bare Flask hello world under the same gunicorn settings.

Run as a process: `python -m benchmarks.messages.bare_flask <workers> <threads> <ready file>`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication


class BareFlaskServer(BaseApplication):  # type: ignore[misc]
    """Serves with the worker class, workers, threads and keep-alive of `hub_api.server`."""

    def __init__(self, workers: int, threads: int, ready_file: Path) -> None:
        self._workers, self._threads, self._ready_file = workers, threads, ready_file
        super().__init__()

    def load_config(self) -> None:
        """Sets what differs from gunicorn's defaults; gunicorn calls it."""
        values: dict[str, Any] = {
            "bind": ["127.0.0.1:0"],
            "worker_class": "gthread",
            "workers": self._workers,
            "threads": self._threads,
            "worker_connections": self._threads * 8,
            "keepalive": 30,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": self._when_ready,
        }
        for name, value in values.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Returns the application; gunicorn calls it."""
        app = Flask("hello")

        @app.get("/")
        def hello() -> str:
            return "Hello, World!"

        return app

    def _when_ready(self, server: Any) -> None:
        port = server.LISTENERS[0].sock.getsockname()[1]
        self._ready_file.write_text(f"http://127.0.0.1:{port}", "utf-8")


if __name__ == "__main__":
    BareFlaskServer(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])).run()
