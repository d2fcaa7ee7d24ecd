"""The thread around a pure reducer whose calls are answered at once: it waits for an input, steps, and carries out."""

from __future__ import annotations

import queue
import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

import redis

from session_worker.turn import Log, Now
from shared.instant import now_ms, steady_ms
from shared.logs import get_logger

_log = get_logger(__name__)

DEFECT_RETRY_MS = 5_000


class ActorState(Protocol):
    """What a reducer's state tells of itself."""

    @property
    def phase(self) -> object: ...

    @property
    def wakes_at_ms(self) -> int | None: ...


StateT = TypeVar("StateT", bound=ActorState)
InputT = TypeVar("InputT")
ActionT = TypeVar("ActionT")


@dataclass(frozen=True)
class Reducer(Generic[StateT, InputT, ActionT]):
    """A reducer and the words that it shares with every other one."""

    step: Callable[[StateT, InputT, Now, random.Random], tuple[StateT, Sequence[ActionT | Log]]]
    time_passed: InputT
    stop_asked: InputT
    cut_short: Callable[[int], InputT]  # of milliseconds to the next round: the answer to a step that was cut short
    ended: type  # the phase in which nothing more happens


class Actor(ABC, Generic[StateT, InputT, ActionT]):
    """One thread, one inbox, one state. name: of the thread, and the first word of its log lines."""

    name: ClassVar[str]
    redis_retry_ms: ClassVar[int]  # until the next round where Redis was away
    ends_with: ClassVar[tuple[type[Exception], ...]] = ()  # what a step may raise that ends the thread

    def __init__(
        self,
        inbox: queue.SimpleQueue[InputT],
        state: StateT,
        reducer: Reducer[StateT, InputT, ActionT],
        rng: random.Random,
    ) -> None:
        """inbox: where everybody puts what the actor is told."""
        self._inbox = inbox
        self._state = state
        self._reducer = reducer
        self._rng = rng
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Asks it to end, as its reducer does that. True: it ended in time."""
        self._inbox.put(self._reducer.stop_asked)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @abstractmethod
    def _carry_out(self, action: ActionT) -> InputT | None:
        """Returns the answer where the action is a call. Raises redis.RedisError."""

    # The thread.

    def _run(self) -> None:
        while not isinstance(self._state.phase, self._reducer.ended):
            event: InputT | None = self._next_input()
            while event is not None:  # the answer to a call is heard before anybody else
                event = self._take(event)

    def _next_input(self) -> InputT:
        wakes_at_ms = self._state.wakes_at_ms
        timeout_s = None if wakes_at_ms is None else max(0.0, (wakes_at_ms - steady_ms()) / 1000)
        try:
            return self._inbox.get(timeout=timeout_s)
        except queue.Empty:
            return self._reducer.time_passed

    def _take(self, event: InputT) -> InputT | None:
        """Returns the answer to the step's call, if it made one."""
        try:
            self._state, actions = self._reducer.step(self._state, event, Now(now_ms(), steady_ms()), self._rng)
            answer: InputT | None = None
            for action in actions:
                if isinstance(action, Log):
                    getattr(_log, action.level)(action.event, **action.fields)
                else:
                    answer = self._carry_out(action)
            return answer
        except self.ends_with:
            raise
        except redis.RedisError as error:
            _log.warning(f"{self.name}.waits_for_redis", error=type(error).__name__)
            return self._reducer.cut_short(self.redis_retry_ms)
        except Exception:  # noqa: BLE001
            # The thread's edge: a defect must neither end a tenant's messages silently nor spin.
            _log.exception(f"{self.name}.defect")
            return self._reducer.cut_short(DEFECT_RETRY_MS)
