"""The commands and reports between reconciler and forker: one JSON object a line over a pipe."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """Reconciler → forker: fork a worker for this session."""

    cliente_id: int
    token: str


@dataclass(frozen=True, slots=True)
class Started:
    """Forker → reconciler."""

    cliente_id: int
    token: str
    pid: int


@dataclass(frozen=True, slots=True)
class Exited:
    """Forker → reconciler: a worker was reaped. status: its exit status, or minus the signal that ended it."""

    cliente_id: int
    token: str
    pid: int
    status: int


PipeMessage = Start | Started | Exited
_KINDS: dict[str, type[Start] | type[Started] | type[Exited]] = {
    kind.__name__: kind for kind in (Start, Started, Exited)
}


def write(descriptor: int, message: PipeMessage) -> None:
    """Writes one message; shorter than PIPE_BUF, so never torn. Raises OSError where the other end is gone."""
    line = json.dumps({"kind": type(message).__name__, **asdict(message)}) + "\n"
    os.write(descriptor, line.encode())


class Reader:
    """Splits what arrives on a pipe into messages."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._rest = b""

    def read(self) -> list[PipeMessage] | None:
        """The messages that have arrived; blocks where the pipe is empty. None: the other end is gone."""
        chunk = os.read(self.descriptor, 65_536)
        if not chunk:
            return None
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [_parse(line) for line in lines]


def _parse(line: bytes) -> PipeMessage:
    fields = json.loads(line)
    return _KINDS[fields.pop("kind")](**fields)
