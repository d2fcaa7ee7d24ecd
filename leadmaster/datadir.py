"""The data directory: one `up` at a time, and a record of its parts for the next one."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil


class DataDirBusy(Exception):
    """Another `up` holds the directory. Its text is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Running:
    """One process, told apart from a later one with the same number by when it began."""

    name: str
    pid: int
    created_at: float  # seconds since the epoch, as psutil gives it

    def process(self) -> psutil.Process | None:
        """The very process, if it still runs. One that only waits to be reaped holds nothing any more."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created_at) < 0.5
            runs = process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same and runs else None


class DataDir:
    """Paths under LEADMASTER_DATA_DIR that belong to `up`."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Files that live as long as one `up`."""
        return self.root / "run"

    @property
    def redis(self) -> Path:
        return self.root / "redis"

    @property
    def parts_file(self) -> Path:
        return self.run / "parts.json"

    def make(self) -> None:
        """Makes the directory, for its owner alone: it holds logins. Raises OSError."""
        for path in (self.root, self.logs, self.run, self.redis):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Holds the directory for this process; the kernel lets go of it when the process ends, however it ends.

        Raises DataDirBusy.
        """
        self.make()
        descriptor = os.open(self.root / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                raise DataDirBusy(
                    f"LEADMASTER_DATA_DIR: {self.root} is in use by another `leadmaster up` (process {owner})"
                ) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
            yield
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def is_held(self) -> bool:
        """True while an `up` runs on this directory."""
        try:
            descriptor = os.open(self.root / "up.lock", os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)

    def record(self, running: Iterable[Running]) -> None:
        """Writes down which processes belong to this `up`."""
        partial = self.parts_file.with_suffix(".partial")
        partial.write_text(json.dumps([asdict(item) for item in running]), "utf-8")
        partial.replace(self.parts_file)

    def recorded(self) -> list[Running]:
        """What a former `up` wrote down and did not take back: it was killed."""
        try:
            return [Running(**row) for row in json.loads(self.parts_file.read_text("utf-8"))]
        except (FileNotFoundError, ValueError, TypeError):
            return []

    def forget(self) -> None:
        """Takes the record back, with whatever else lived as long as the parts: every one has ended."""
        for path in self.run.iterdir():
            path.unlink(missing_ok=True)


def end_leftovers(recorded: Iterable[Running], grace_s: float) -> list[str]:
    """Ends what is left of a killed `up`: SIGTERM, then SIGKILL after `grace_s`. Returns the names of those found."""
    found = [(item.name, process) for item in recorded if (process := item.process()) is not None]
    for _, process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs([process for _, process in found], timeout=grace_s)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    return [name for name, _ in found]


def running(name: str, pid: int) -> Running:
    """Describes a process that was just started."""
    try:
        created_at = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        created_at = time.time()
    return Running(name, pid, created_at)
