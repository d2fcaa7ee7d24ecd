"""What the hub's tests put in a session worker's place."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from shared.instant import now_ms
from shared.sessions.lease import Lease, Leases
from shared.sessions.snapshot import Snapshot, Snapshots
from shared.transitions.session import SessionStatus

PASSWORD = "una clave larga"
SECRET = "s" * 32


def until(look: Callable[[], Any], seconds: float = 10) -> Any:
    """What `look` finds once it is truthy."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "the condition never came true"
        threading.Event().wait(0.01)


@dataclass
class Owner:
    """Stands in for a session worker: holds the lease and writes snapshots."""

    lease: Lease
    leases: Leases
    snapshots: Snapshots
    snapshot: Snapshot

    def shows(self, status: SessionStatus, **fields: Any) -> None:
        self.snapshot = replace(self.snapshot, status=status, **fields)
        assert self.snapshots.write(self.lease, self.snapshot, now_ms())

    def gone(self) -> None:
        assert self.leases.release(self.lease.cliente_id, self.lease.token)


@dataclass(frozen=True)
class Task:
    """A Celery message as a worker would read it."""

    name: str
    kwargs: dict[str, Any]
    headers: dict[str, Any]


def read_task(raw: str) -> Task:
    message = json.loads(raw)
    _, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    return Task(message["headers"]["task"], kwargs, message["headers"])
