"""What acting knows at one moment: one frozen record, and in it the call or the time it waits for."""

from __future__ import annotations

from dataclasses import dataclass, field

from session_worker.acting import actions as do
from session_worker.session.channel import Channel
from session_worker.turn import Turn
from shared.protocol.acts import Act


@dataclass(frozen=True, slots=True)
class Idle:
    """No call is under way."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nothing more: it was asked to stop."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Look."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Begin."""

    act: Act


@dataclass(frozen=True, slots=True)
class Performing:
    """Perform."""

    act: Act
    browser_run: str


@dataclass(frozen=True, slots=True)
class LookingUp:
    """LookUp. same_page: the page that was told to do it is the one that is asked."""

    act: Act
    same_page: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """End."""


Phase = Idle | Stopped | Looking | Beginning | Performing | LookingUp | Ending


@dataclass(frozen=True, slots=True)
class InDoubt:
    """An act that the page was told to do, and nobody knows whether it took place."""

    act: Act
    browser_run: str  # that was told; "": another owner's
    until_ms: int  # then it ends `unknown`
    look_due_ms: int


@dataclass(frozen=True, slots=True)
class State:
    """Times are of the steady clock, in milliseconds."""

    phase: Phase = field(default_factory=Idle)
    channel: Channel | None = None
    look_due_ms: int = 0
    cut_until_ms: int = 0  # no call before: the last one had no answer
    in_doubt: InDoubt | None = None
    unrecorded: do.End | None = None  # an outcome that Redis does not have yet
    stopping: bool = False

    @property
    def wakes_at_ms(self) -> int | None:
        """When to be told that time passed; None where only an input counts."""
        if self.unrecorded is not None:
            return self.cut_until_ms
        if self.in_doubt is not None:
            due_ms = self.in_doubt.until_ms if self.channel is None else self.in_doubt.look_due_ms
            return max(due_ms, self.cut_until_ms)
        return None if self.channel is None else max(self.look_due_ms, self.cut_until_ms)


ActingTurn = Turn[State, do.Action]
