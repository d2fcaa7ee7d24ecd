"""What fetching knows at one moment: one frozen record, and in it the call or the time it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from session_worker.media import actions as do
from session_worker.session.channel import Channel
from session_worker.turn import Turn
from shared.ledger.media.media import NextMedia
from shared.ledger.media.pending import PendingMedia
from shared.protocol.inbound import InboundType


@dataclass(frozen=True, slots=True)
class Rules:
    """What does not change while the worker lives."""

    limits: Mapping[InboundType, int] = field(default_factory=dict)  # bytes by type; without one, nothing is fetched
    quota_bytes: int = 0  # that a tenant's media may take; 0: no limit
    min_free_bytes: int = 0  # that stay free on the store's disk


# What it waits for: the clock and others, or one phase for each call.


@dataclass(frozen=True, slots=True)
class Idle:
    """No call is under way."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more: it was asked to stop."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Look."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Postpone, before a fetch."""

    found: NextMedia
    pending: PendingMedia  # with this fetch
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Fetching:
    """Fetch."""

    whatsapp_id: str
    pending: PendingMedia


@dataclass(frozen=True, slots=True)
class Postponing:
    """Postpone, after a fetch."""


@dataclass(frozen=True, slots=True)
class Completing:
    """Complete."""


Phase = Idle | Ended | Looking | Beginning | Fetching | Postponing | Completing


@dataclass(frozen=True, slots=True)
class State:
    """Times are of the steady clock, in milliseconds."""

    rules: Rules = field(default_factory=Rules)
    phase: Phase = field(default_factory=Idle)
    channel: Channel | None = None
    look_due_ms: int = 0
    cut_until_ms: int = 0  # no call before: the last one had no answer
    unrecorded: do.Complete | None = None  # an outcome that Redis does not have yet
    short_of_room: bool = False  # that was told
    stopping: bool = False

    @property
    def wakes_at_ms(self) -> int | None:
        """When to be told that time passed; None where only an input counts."""
        if self.unrecorded is not None:
            return self.cut_until_ms
        return None if self.channel is None else max(self.look_due_ms, self.cut_until_ms)


FetchingTurn = Turn[State, do.Action]


def make_call(turn: FetchingTurn, phase: Phase, call: do.Call) -> None:
    """Makes a call whose answer `phase` waits for."""
    turn.change(phase=phase)
    turn.do(call)


def rest(turn: FetchingTurn, look_after_ms: int = 0) -> None:
    """No call follows at once: others are heard, and the next look is due then."""
    turn.change(phase=Idle(), look_due_ms=turn.now.steady_ms + look_after_ms)
