"""Processes a benchmark starts, and their end: by process id, never by name."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from benchmarks.harness.waiting import until

ROOT = Path(__file__).parents[2]
_STOP_S = 25.0


class Processes:
    """Started in order, stopped in reverse order; what they leave behind is killed by its pid."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """folder: for their logs. environment: on top of this process's own."""
        self.folder = folder
        self._environment = dict(environment)
        self._started: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for name in reversed(list(self._started)):
            self.stop(name)

    def start(
        self, name: str, *arguments: str, pipes: bool = False, program: str = sys.executable, **environment: str
    ) -> subprocess.Popen[str]:
        """Starts `python <arguments>`, or another program.

        pipes: its stdin and stdout are ours, its stderr its log; else both go to the log.
        """
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [program, *arguments],
                cwd=ROOT,
                env={**os.environ, **self._environment, **environment},
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else log,
                stderr=log,
                text=True,
                bufsize=1,
            )
        self._started[name] = process
        return process

    def add_environment(self, environment: Mapping[str, str]) -> None:
        """Tells every process that is started from now on."""
        self._environment |= environment

    def stop(self, name: str) -> None:
        """Sends SIGTERM, and SIGKILL to what is left of the whole tree."""
        process = self._started.pop(name)
        tree = descendants(process.pid)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_S)
        for left in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()
        process.wait(_STOP_S)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def ready_file(self, name: str, path: Path, seconds: float = 60.0) -> str:
        """Returns the text of the file that a starting process writes once it is ready.

        Raises AssertionError, with the end of its log, if the process ends before.
        """

        def look() -> str:
            assert self._started[name].poll() is None, f"{name} ended:\n{self.log(name)[-4000:]}"
            return path.read_text("utf-8") if path.exists() else ""

        return until(look, seconds, name)

    def process(self, name: str) -> subprocess.Popen[str]:
        """Returns the process of that name. Raises KeyError if none was started, or it was stopped."""
        return self._started[name]

    def log(self, name: str) -> str:
        """Returns what processes of that name have logged."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")


def descendants(pid: int) -> list[psutil.Process]:
    """Returns a process and all below it, the process itself last."""
    try:
        root = psutil.Process(pid)
        return [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return []


@contextlib.contextmanager
def cpu_of(pids: list[int]) -> Iterator[Callable[[], float]]:
    """Gives a function that returns the CPU seconds that some processes used since the block began; call it within."""

    def used() -> float:
        times = [psutil.Process(pid).cpu_times() for pid in pids]
        return sum(one.user + one.system for one in times)

    before = used()
    yield lambda: used() - before
