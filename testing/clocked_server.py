"""A Valkey whose clock can be put forward and back while it runs, and nobody else's."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from redis.exceptions import RedisError

from leadmaster.installation.embedded_server import program
from shared.redis.client import connect
from testing.processes import free_port
from testing.waiting import until

_START_S = 15.0
_STOP_S = 15.0


class ClockedServer:
    """One server process on 127.0.0.1, over the same files however often it is started.

    Its wall clock is shifted through a preloaded library that reads a file, its steady clock is left alone.
    """

    def __init__(self, folder: Path, port: int | None = None, config: Mapping[str, str] | None = None) -> None:
        """config: further lines of the server's configuration."""
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._config = {"bind": "127.0.0.1", "port": str(self.port), "save": '""', **(config or {})}
        self._shift = folder / "clock-shift"
        self._process: subprocess.Popen[bytes] | None = None
        # A child is told of the end of the thread that made it: that thread must live as long as this object.
        self._spawner = ThreadPoolExecutor(1, thread_name_prefix="clocked-server")

    def start(self) -> None:
        """Returns once it answers; its clock stands where it was shifted to."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._shift.exists():
            self.shift(0)
        environment = {
            **os.environ,
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._shift),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        arguments = [part for name, value in self._config.items() for part in (f"--{name}", value.strip('"'))]
        with (self._folder / "server.log").open("ab") as log:
            self._process = self._spawner.submit(
                subprocess.Popen,
                ["setpriv", "--pdeathsig", "TERM", "--", program(), *arguments],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ).result()
        until(self._answers, _START_S)

    def shift(self, seconds: int) -> None:
        """Puts its clock so far before (or behind, below 0) the machine's, at once."""
        partial = self._shift.with_suffix(".partial")
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(f"{seconds:+d}\n", "ascii")
        partial.replace(self._shift)

    @property
    def pid(self) -> int:
        """Of the server's process. Raises AssertionError where it does not run."""
        assert self._process is not None
        return self._process.pid

    @property
    def files(self) -> Path:
        """The folder of its append-only files."""
        return self._folder / "appendonlydir"

    def terminate(self) -> None:
        """SIGKILL."""
        self._end(lambda process: process.kill())

    def stop(self) -> None:
        """SIGTERM."""
        self._end(lambda process: process.terminate())

    def _end(self, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        process, self._process = self._process, None
        if process is not None:
            how(process)
            process.wait(_STOP_S)

    def _answers(self) -> bool:
        with connect(self.url) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False


def _library() -> Path:
    """Of the PyPI package `libfaketime`, which brings it compiled. Raises AssertionError where it is not installed."""
    found = importlib.util.find_spec("libfaketime")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
