"""The data directory: where `up` keeps what, and that only one `up` at a time uses it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

LOCK_NAME = "up.lock"


class DataDirBusy(Exception):
    """Another `up` holds the directory. Its text is one line for the operator."""


class DataDir:
    """Paths under LEADMASTER_DATA_DIR that belong to `up`."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.logs = self.root / "logs"
        self.run = self.root / "run"  # files that live as long as one `up`
        self.redis = self.root / "redis"

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
        with self._lock_file(os.O_RDWR | os.O_CREAT) as descriptor:
            if not _locked(descriptor):
                owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                raise DataDirBusy(
                    f"LEADMASTER_DATA_DIR: {self.root} is in use by another `leadmaster up` (process {owner})"
                )
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
            yield
            os.ftruncate(descriptor, 0)

    def is_held(self) -> bool:
        """True while an `up` runs on this directory."""
        try:
            with self._lock_file(os.O_RDWR) as descriptor:
                return not _locked(descriptor)
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def _lock_file(self, flags: int) -> Iterator[int]:
        descriptor = os.open(self.root / LOCK_NAME, flags, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Takes the lock, which goes with the descriptor. False where another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
