"""A hub of one session in memory, as far as the operator's commands ask it: statuses, and what starts and ends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from shared.protocol.snapshot import Snapshot
from shared.sessions.view import SessionView
from shared.transitions.session import SessionStatus


class StandingHub:
    """Answers as `Caller` does. after_start: the status that the next starts lead to, the last one for good."""

    def __init__(self, *after_start: SessionStatus) -> None:
        self._after_start = list(after_start) or [SessionStatus.READY]
        self._since = 1
        self.status = SessionStatus.READY
        self.posted: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, path: str, **_: object) -> dict[str, Any]:
        if path.endswith("/inbound"):
            return {"ok": True, "items": [], "next": None}
        snapshot = Snapshot(51, status=self.status, since=self._since)
        return SessionView(snapshot, owned=True, wanted=True).to_object(self._since, "en", with_code=True)

    def post(self, path: str, body: Mapping[str, object] | None = None, *, expect: int) -> dict[str, Any]:
        command = path.rpartition("/")[2]
        self.posted.append(command)
        self._since += 1_000
        if command == "disconnect":
            self.status = SessionStatus.DISCONNECTED
        else:
            self.status = self._after_start[0]
            if len(self._after_start) > 1:
                del self._after_start[0]
        return self.get(path)
