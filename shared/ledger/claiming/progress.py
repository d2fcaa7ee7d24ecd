"""How far a tenant's owners have come, kept apart from Redis: one that knows of less is an older copy of itself.

SQL tells an older copy by the events that it recorded since. Where it recorded none, as its disk was full or the
background worker stood still, only whoever sent can tell. A file beside the tenant's profile outlives a killed worker.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.logs import get_logger

_log = get_logger(__name__)

_MAX_BYTES = 64


@dataclass(frozen=True, slots=True)
class Progress:
    """In one life of the ledger."""

    incarnation: str = ""  # its id; "" where nothing was claimed yet
    steps: int = 0  # messages that were claimed and keys that were persisted


class ProgressMemory(Protocol):
    """Where an owner keeps its progress."""

    def read(self) -> Progress:
        """What was kept last."""

    def write(self, progress: Progress) -> None:
        """Keeps it."""


class ProgressInMemory:
    """For as long as the process lives."""

    def __init__(self) -> None:
        self._progress = Progress()

    def read(self) -> Progress:
        return self._progress

    def write(self, progress: Progress) -> None:
        self._progress = progress


class ProgressFile:
    """In a file, of which each record is one write: it survives a killed process, and of a machine what was synced."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where it can't be opened."""
        self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        self._progress = _parsed(os.pread(self._descriptor, _MAX_BYTES, 0))

    def read(self) -> Progress:
        return self._progress

    def write(self, progress: Progress) -> None:
        """Where the disk refuses, the process alone remembers."""
        self._progress = progress
        record = f"{progress.incarnation} {progress.steps}\n".encode().ljust(_MAX_BYTES)
        try:
            os.pwrite(self._descriptor, record, 0)
        except OSError as error:
            _log.warning("progress.not_written", reason=type(error).__name__)


def _parsed(content: bytes) -> Progress:
    """Anything else than a record is none."""
    match content.decode("ascii", "replace").split():
        case [incarnation, steps] if steps.isdecimal():
            return Progress(incarnation, int(steps))
    return Progress()
