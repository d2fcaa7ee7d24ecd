"""One service's log under `<data>/logs`: started afresh by `up`, kept below a limit, read for what matters."""

from __future__ import annotations

import json
import os
import shutil
from collections import deque
from dataclasses import dataclass
from pathlib import Path

_MAX_BYTES = 16 * 1024 * 1024
_SHOWN_LEVELS = {"warning", "error", "critical"}
_OWN_FIELDS = {"event", "level", "timestamp", "part", "exception", "stack"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, as far as it could be understood."""

    level: str  # "" where the line isn't one of our structured ones
    event: str
    text: str  # the event, and its fields as `name=value …`

    @property
    def shown(self) -> bool:
        """True where the operator is to see it without asking."""
        return self.level in _SHOWN_LEVELS


def parse_line(line: str) -> LogLine:
    """Understands a structured line; any other becomes its own event."""
    try:
        row = json.loads(line)
        event = str(row["event"])
    except (ValueError, LookupError, TypeError):
        return LogLine("", line, line)
    fields = [f"{name}={value}" for name, value in row.items() if name not in _OWN_FIELDS]
    return LogLine(str(row.get("level", "")), event, " ".join([event, *fields]))


class LogFile:
    """A service writes it (appending, straight to the file: it needs no reader), `up` reads along."""

    def __init__(self, path: Path) -> None:
        """Puts the former run's log aside as `<name>.1`."""
        self.path = path
        if path.exists():
            path.replace(path.with_name(path.name + ".1"))
        self._read_to = 0
        self._rest = b""

    def open(self) -> int:
        """A descriptor for the service's output; the caller closes it."""
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def new_lines(self) -> list[str]:
        """Whole lines written since the last call. Above the size limit the file is put aside and begun anew."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read_to)
                fresh = file.read()
        except FileNotFoundError:
            return []
        self._read_to += len(fresh)
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        if self._read_to >= _MAX_BYTES:
            # Copied and emptied, not renamed: the service keeps its descriptor, which appends.
            shutil.copyfile(self.path, self.path.with_name(self.path.name + ".1"))
            os.truncate(self.path, 0)
            self._read_to = 0
        return [line.decode("utf-8", "replace") for line in lines if line.strip()]

    def last_lines(self, count: int) -> list[str]:
        """The end of the log, for a service that failed."""
        try:
            with self.path.open("r", encoding="utf-8", errors="replace") as file:
                return [line.rstrip("\n") for line in deque(file, count)]
        except FileNotFoundError:
            return []
