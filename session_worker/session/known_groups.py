"""The groups that a page told a moment ago: each question of them costs one of WhatsApp's server."""

from __future__ import annotations

import threading

from session_worker.engine.port import Engine
from shared.instant import steady_ms
from shared.protocol.groups import Group

_KNOWN_MS = 60_000


class KnownGroups:
    """Those of one browser run at a time; several threads may ask, and wait for one answer."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._engine: Engine | None = None
        self._asked_ms = 0
        self._groups: tuple[Group, ...] = ()

    def read(self, engine: Engine) -> tuple[Group, ...]:
        """What that engine told at most a minute ago, or tells now. Raises EngineError."""
        with self._guard:
            if engine is not self._engine or steady_ms() - self._asked_ms > _KNOWN_MS:
                self._groups = engine.groups()
                self._engine, self._asked_ms = engine, steady_ms()
            return self._groups
