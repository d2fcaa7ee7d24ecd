"""What acting wants done, as frozen records. A step returns at most one call, as its last action."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.heard import Heard
from session_worker.turn import Log
from shared.protocol.acts import Act, ActStatus


@dataclass(frozen=True, slots=True)
class Look:
    """See what is to be done next."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Say that the page is about to be told; from here on it may take place."""

    act: Act
    browser_run: str


@dataclass(frozen=True, slots=True)
class Perform:
    """Have the page do it."""

    act: Act
    browser_run: str


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask the page whether it took place."""

    act: Act
    browser_run: str


@dataclass(frozen=True, slots=True)
class End:
    """Record what came of it. change: what the message is now, where it took place."""

    act: Act
    status: ActStatus
    error: str = ""
    change: Heard | None = None


Call = Look | Begin | Perform | LookUp | End
Action = Call | Log
