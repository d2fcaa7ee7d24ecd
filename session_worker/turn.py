"""One turn of a pure reducer: an input is taken, the state replaced, and what is to be done is noted as data.

`step(state, input, now, rng)` makes a turn, passes it through small functions and returns its state and actions. The
shell around it carries the actions out in order and feeds what comes of them back as inputs.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar

StateT = TypeVar("StateT")
ActionT = TypeVar("ActionT")

Level = Literal["info", "warning"]


@dataclass(frozen=True, slots=True)
class Now:
    """One moment on two clocks, both in whole milliseconds."""

    wall_ms: int  # since the epoch; may jump; for what others read
    steady_ms: int  # only goes forward; for how long something lasts


@dataclass(frozen=True, slots=True)
class Log:
    """Action: write a line to the log."""

    level: Level
    event: str
    fields: Mapping[str, object]


class Turn(Generic[StateT, ActionT]):
    """The state so far and the actions so far; lives for one `step` only."""

    def __init__(self, state: StateT, now: Now, rng: random.Random) -> None:
        self.state = state
        self.now = now
        self.rng = rng
        self.actions: list[ActionT | Log] = []

    def change(self, **fields: Any) -> None:
        """Replaces fields of the state."""
        self.state = replace(self.state, **fields)  # type: ignore[type-var]

    def do(self, action: ActionT) -> None:
        """To be carried out after those noted before."""
        self.actions.append(action)

    def info(self, event: str, **fields: object) -> None:
        self.actions.append(Log("info", event, fields))

    def warn(self, event: str, **fields: object) -> None:
        self.actions.append(Log("warning", event, fields))
