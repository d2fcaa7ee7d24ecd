"""Processes a benchmark starts, and their end: by process id, never by name."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import psutil

ROOT = Path(__file__).parents[1]
_STOP_S = 25.0
T = TypeVar("T")


def wait_for(what: str, ask: Callable[[], T], timeout_s: float = 60.0, every_s: float = 0.05) -> T:
    """Asks until the answer is true, and returns it. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:.0f} s in vain for {what}")
        time.sleep(every_s)
    return answer


class Processes:
    """Started in order, stopped in reverse order; what they leave behind is killed by its pid."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """folder: for their logs. environment: on top of this process's own."""
        self.folder = folder
        self._environment = dict(environment)
        self._started: list[tuple[str, subprocess.Popen[str]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        while self._started:
            self.stop(self._started[-1][0])

    def start(self, name: str, *arguments: str, pipes: bool = False, **environment: str) -> subprocess.Popen[str]:
        """Starts `python <arguments>`. pipes: its stdin and stdout are ours, its stderr its log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, **self._environment, **environment},
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else log,
                stderr=log,
                text=True,
                bufsize=1,
            )
        self._started.append((name, process))
        return process

    def add_environment(self, environment: Mapping[str, str]) -> None:
        """For every process started from now on."""
        self._environment |= environment

    def stop(self, name: str) -> None:
        """SIGTERM, and SIGKILL for the whole tree where that did not do."""
        entry = next(one for one in self._started if one[0] == name)
        self._started.remove(entry)
        process = entry[1]
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

    def ready_file(self, name: str, path: Path) -> str:
        """The text of the file that a starting process writes once it is ready."""

        def ask() -> str:
            for started, process in self._started:
                if started == name and process.poll() is not None:
                    raise RuntimeError(f"{name} ended at its start:\n{self.log(name)[-2000:]}")
            return path.read_text("utf-8") if path.exists() else ""

        return wait_for(name, ask)

    def process(self, name: str) -> subprocess.Popen[str]:
        return next(process for started, process in self._started if started == name)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")


def descendants(pid: int) -> list[psutil.Process]:
    """A process and all below it, the process itself last."""
    try:
        root = psutil.Process(pid)
        return [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return []


@contextlib.contextmanager
def cpu_of(pids: list[int]) -> Iterator[Callable[[], float]]:
    """CPU seconds that some processes used since the block began; ask within the block."""

    def used() -> float:
        times = [psutil.Process(pid).cpu_times() for pid in pids]
        return sum(one.user + one.system for one in times)

    before = used()
    yield lambda: used() - before
