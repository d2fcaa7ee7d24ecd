"""Processes of our own, started and ended by process id, never by name, and free ports for them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from leadmaster.installation import ports
from testing.waiting import until

ROOT = Path(__file__).parents[1]
_STOP_S = 25.0
# So that nothing outlives a run that is killed itself: SIGTERM when the thread that started it ends.
_TETHERED = ("setpriv", "--pdeathsig", "TERM", "--")
_given: set[int] = set()  # ports


class Processes:
    """Started in order, stopped in reverse order; what they leave behind is killed by its pid.

    Each has a name, and a log of that name in the folder.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], inherited: Sequence[str] | None = None) -> None:
        """environment: on top of what is inherited from this process: the variables named, or all of them."""
        self.folder = folder
        self._environment = dict(environment)
        self._inherited = inherited
        self._started: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(
        self,
        name: str,
        *arguments: str,
        pipes: bool = False,
        program: str = sys.executable,
        cwd: Path = ROOT,
        **environment: str,
    ) -> subprocess.Popen[str]:
        """Starts `python <arguments>`, or another program, apart from this process's terminal.

        pipes: its stdin and stdout are ours, its stderr its log; else both go to the log.
        """
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*_TETHERED, program, *arguments],
                cwd=cwd,
                env={**self._base(), **self._environment, **environment},
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else log,
                stderr=log,
                text=True,
                bufsize=1,
                start_new_session=True,
            )
        self._started.pop(name, None)  # one of that name that ended
        self._started[name] = process
        return process

    def run(self, *arguments: str, text: str = "", cwd: Path = ROOT, seconds: float = 60.0) -> str:
        """Runs `python <arguments>` to its end, with `text` as its input, and returns its output.

        Raises AssertionError, with what it said, for an exit status other than 0.
        """
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env={**self._base(), **self._environment},
            input=text,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def add_environment(self, environment: Mapping[str, str]) -> None:
        """For every process started from now on."""
        self._environment |= environment

    def terminate(self, name: str, seconds: float = _STOP_S) -> int:
        """SIGTERM. Returns the exit status; what the process leaves behind is left alone.

        Raises subprocess.TimeoutExpired where it goes on for longer.
        """
        process = self._started[name]
        process.terminate()
        status = process.wait(seconds)
        self._forget(name)
        return status

    def kill(self, name: str) -> None:
        """SIGKILL, to this process alone."""
        process = self._started[name]
        process.kill()
        process.wait(_STOP_S)
        self._forget(name)

    def stop(self, name: str) -> None:
        """SIGTERM, and SIGKILL for the whole tree where that did not do."""
        process = self._started[name]
        tree = descendants(process.pid)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_S)
        for left in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()
        process.wait(_STOP_S)
        self._forget(name)

    def close(self) -> None:
        """Stops all that run, the last one first."""
        for name in reversed(list(self._started)):
            self.stop(name)

    def ready_file(self, name: str, path: Path, seconds: float = 60.0) -> str:
        """The text of the file that a starting process writes once it is ready."""

        def ask() -> str:
            self.assert_running(name)
            return path.read_text("utf-8") if path.exists() else ""

        return until(ask, seconds, name)

    def assert_running(self, name: str) -> None:
        """Raises AssertionError, with the end of its log, where it has ended."""
        assert self._started[name].poll() is None, f"{name} ended:\n{self.log(name)[-4000:]}"

    def process(self, name: str) -> subprocess.Popen[str]:
        """Raises KeyError where none of that name runs."""
        return self._started[name]

    def names(self) -> list[str]:
        """Of those started and not stopped, in order."""
        return list(self._started)

    def log(self, name: str) -> str:
        """All that a process of that name, and its predecessors, said."""
        path = self.folder / f"{name}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def _base(self) -> dict[str, str]:
        if self._inherited is None:
            return dict(os.environ)
        return {name: os.environ[name] for name in self._inherited if name in os.environ}

    def _forget(self, name: str) -> None:
        process = self._started.pop(name)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def free_port() -> int:
    """A port of 127.0.0.1 that is free now and that this process never got before."""
    while (port := ports.free_port()) in _given:
        pass
    _given.add(port)
    return port


def descendants(pid: int) -> list[psutil.Process]:
    """A process and all below it, the process itself last."""
    try:
        root = psutil.Process(pid)
        return [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return []


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs, not only waits to be reaped."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def that_run(matches: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Every living process of this machine, but this one, that matches; those that end or are not ours don't."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and matches(process) and is_alive(process):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def is_browser_of(process: psutil.Process, profile: Path) -> bool:
    """Whether it is the main process of a Chromium on this profile. Raises psutil.NoSuchProcess."""
    line = process.cmdline()
    return f"--user-data-dir={profile}" in line and not any(word.startswith("--type=") for word in line)


@contextlib.contextmanager
def cpu_of(pids: list[int]) -> Iterator[Callable[[], float]]:
    """CPU seconds that some processes used since the block began; ask within the block."""

    def used() -> float:
        times = [psutil.Process(pid).cpu_times() for pid in pids]
        return sum(one.user + one.system for one in times)

    before = used()
    yield lambda: used() - before
