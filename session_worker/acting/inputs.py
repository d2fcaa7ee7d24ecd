"""What acting is told, as frozen records: by others at any time, and as the answer to each call of `actions`."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.acts import SeenAct
from session_worker.engine.heard import Heard
from session_worker.session.channel import Channel
from shared.protocol.acts import ActEntry

# By others, at any time.


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened; the clock may say that something is due."""


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """The session became READY, or is so no longer."""

    channel: Channel | None


@dataclass(frozen=True, slots=True)
class Notified:
    """Something was asked for."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Record what came of the last one, then end."""


# Answers: to each call exactly one, before anything else is told.


@dataclass(frozen=True, slots=True)
class CutShort:
    """To any call: it ended without an answer (Redis away, or a defect). What it was to do may have been done."""

    retry_ms: int


@dataclass(frozen=True, slots=True)
class Looked:
    """To Look. next: None where nothing is to be done."""

    next: ActEntry | None


@dataclass(frozen=True, slots=True)
class Begun:
    """To Begin. answer: of `Acts.begin`."""

    answer: str


@dataclass(frozen=True, slots=True)
class Performed:
    """To Perform: it took place. change: what the message is now."""

    change: Heard


@dataclass(frozen=True, slots=True)
class NotPerformed:
    """To Perform. code, certain: of `port.Engine.perform`."""

    code: str
    certain: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """To LookUp. seen: None where the page did not answer."""

    seen: SeenAct | None


@dataclass(frozen=True, slots=True)
class Ended:
    """To End."""


Answer = CutShort | Looked | Begun | Performed | NotPerformed | LookedUp | Ended
Input = TimePassed | ChannelChanged | Notified | StopAsked | Answer
