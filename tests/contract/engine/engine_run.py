"""One run of an engine under test, with all that it told, and waiting for what it tells or shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from session_worker.engine.port import (
    AckSeen,
    Engine,
    EngineConfig,
    EngineError,
    EngineEvent,
    Observation,
    PageReloaded,
    StreamMode,
)
from shared.protocol.events import MessageInbound

E = TypeVar("E")
_WAIT_SECONDS = 30.0
_LOOK_SECONDS = 0.05


class EngineRun:
    """An engine that was started, and its events."""

    def __init__(self, engine: Engine, config: EngineConfig) -> None:
        self.engine = engine
        self.config = config
        self.events: list[EngineEvent] = []
        self._told = threading.Condition()

    def start(self) -> EngineRun:
        self.engine.start(self._hear)
        return self

    def wait_for(self, kind: type[E], matching: Callable[[E], bool] = lambda _: True, what: str = "") -> E:
        """The first event of a kind that matches; waits for it."""
        with self._told:
            if not self._told.wait_for(lambda: self.told(kind, matching), _WAIT_SECONDS):
                raise AssertionError(f"never told: {what or kind.__name__}; told: {self.events}")
            return self.told(kind, matching)[0]

    def wait_for_ack(self, key: str, ack: int) -> AckSeen:
        return self.wait_for(AckSeen, lambda event: event == AckSeen(key, ack), f"ack {ack} of {key}")

    def told(self, kind: type[E], matching: Callable[[E], bool] = lambda _: True) -> list[E]:
        """All events of a kind that match, so far."""
        return [event for event in list(self.events) if isinstance(event, kind) and matching(event)]

    def wait_until(self, condition: Callable[[Observation], bool]) -> Observation:
        """Observes until the condition holds, and returns that observation."""
        seen: object = None
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                seen = self.engine.observe()
                if condition(seen):
                    return seen
            except EngineError as error:  # a page that is just being left
                seen = error
            threading.Event().wait(_LOOK_SECONDS)
        raise AssertionError(f"never observed; last: {seen}")

    def observe_until_failure(self) -> None:
        """Observes until the engine raises EngineError."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            self.engine.observe()

    def wait_for_code(self) -> str:
        code = self.wait_until(lambda seen: seen.loaded and seen.code is not None).code
        assert code is not None
        return code

    def wait_until_ready(self) -> Observation:
        return self.wait_until(is_ready)

    def wait_for_message(self, key: str) -> MessageInbound:
        return self.wait_for(MessageInbound, lambda event: event.whatsapp_id == key, f"message {key}")

    def wait_until_left(self) -> None:
        """The page was loaded anew."""
        self.wait_for(PageReloaded)

    def _hear(self, event: EngineEvent) -> None:
        with self._told:
            self.events.append(event)
            self._told.notify_all()


Launch = Callable[[Path], EngineRun]  # starts an engine on a folder


def is_ready(seen: Observation) -> bool:
    return seen.loaded and seen.registered and seen.mode is StreamMode.MAIN and seen.socket == "CONNECTED"
