"""What sending knows at one moment: one frozen record, and in it the call or the time it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from session_worker.engine.port import Prepared
from session_worker.sending.breaker import Breaker
from session_worker.sending.doubts import InDoubt, Patience
from session_worker.sending.pace import PaceRange
from session_worker.sending.restriction import Restriction
from session_worker.sending.uploads.upload import Uploads, Waiting, waiting_in
from session_worker.session.channel import Channel
from session_worker.turn import Log
from shared.ledger.message import Message


@dataclass(frozen=True, slots=True)
class Rules:
    """What does not change while the worker lives."""

    pace: PaceRange
    ack_timeout_ms: int  # no acknowledgement by then: in doubt
    lease_left_ms: int  # that must remain when a hand-over starts: its time-out
    typing_s: float = 0  # the longest that somebody is shown writing before a message; 0: nobody is
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message on its way under a key."""

    message: Message
    prepared: Prepared
    first: bool  # no page was given this key before


@dataclass(frozen=True, slots=True)
class Awaited:
    """A message under a key that waits for WhatsApp's acknowledgement; others go on meanwhile."""

    attempt: Attempt
    until_ms: int  # steady clock: in doubt from then on
    handed: bool = False  # the hand-over came to its end


# What it waits for: first what comes in its own time, then one phase for each call.


@dataclass(frozen=True, slots=True)
class Idle:
    until_ms: int  # steady clock: the next round begins then, or at a notification


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more: it was asked to stop."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """BeginRun."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class FindingStrays:
    """ReadInFlight."""


@dataclass(frozen=True, slots=True)
class RequeueingStray:
    """Complete."""

    rest: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Looking:
    """LookUp, for a message in doubt."""

    key: str


@dataclass(frozen=True, slots=True)
class RecordingDoubt:
    """RecordAck, for a message in doubt."""

    key: str


@dataclass(frozen=True, slots=True)
class Resending:
    """Resend, for a message in doubt."""

    key: str


@dataclass(frozen=True, slots=True)
class GivingUpDoubt:
    """Complete, for a message in doubt: a person looks into it."""

    key: str


@dataclass(frozen=True, slots=True)
class Refusing:
    """Complete, for a message that WhatsApp refused."""

    message: Message
    refusal: str  # WhatsApp's code
    doubt_key: str | None  # where it was in doubt


@dataclass(frozen=True, slots=True)
class AskingLimits:
    """AskLimits."""


@dataclass(frozen=True, slots=True)
class Claiming:
    """Claim."""


@dataclass(frozen=True, slots=True)
class FindingUpload:
    """FindUpload."""

    waiting: Waiting


@dataclass(frozen=True, slots=True)
class Preparing:
    """Prepare."""

    message: Message


@dataclass(frozen=True, slots=True)
class PersistingKey:
    """PersistKey."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Recovering:
    """LookUp, for a message that an earlier browser run was given."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Adopting:
    """Complete, for a message that this page holds unsent."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class CatchingUp:
    """LookUp, for a message whose receipts may have come while no page listened."""

    key: str
    pause_ms: int  # what to wait where the page does not answer


@dataclass(frozen=True, slots=True)
class Finishing:
    """Complete or RecordAck, after which the next round begins."""

    log: Log | None = None  # to write then, with the status


Phase = (
    Idle
    | Ended
    | Beginning
    | FindingStrays
    | RequeueingStray
    | Looking
    | RecordingDoubt
    | Resending
    | GivingUpDoubt
    | Refusing
    | AskingLimits
    | Claiming
    | FindingUpload
    | Preparing
    | PersistingKey
    | Recovering
    | Adopting
    | CatchingUp
    | Finishing
)


@dataclass(frozen=True, slots=True)
class State:
    """Times are of the steady clock, in milliseconds."""

    rules: Rules
    phase: Phase = Idle(0)
    channel: Channel | None = None
    begun: Channel | None = None  # whose recoveries the ledger gives out, and whose phone's messages it has sorted out
    awaiting: Mapping[str, Awaited] = field(default_factory=dict)  # by key; an acknowledgement, or its time, ends it
    uploads: Uploads = field(default_factory=dict)  # under way, or ended with messages that still wait for them
    doubts: Mapping[str, InDoubt] = field(default_factory=dict)  # by key
    former: Mapping[str, InDoubt] = field(default_factory=dict)  # of earlier browser runs, where much was tried already
    acks: Mapping[str, int] = field(default_factory=dict)  # told of keys in doubt since they were last looked at
    to_look: tuple[str, ...] = ()  # keys in doubt that this round has still to look at
    unread: tuple[Message, ...] = ()  # sent and not read yet when this browser run began, latest last
    restriction: Restriction = field(default_factory=Restriction)
    breaker: Breaker = field(default_factory=Breaker)
    limits_due_ms: int = 0  # steady clock: when WhatsApp is asked for them again
    cut_short: bool = False  # a step ended in the middle: the ledger may hold what nobody here follows
    notified: bool = False  # while busy
    recycle: str = ""  # why a new browser is wanted, between two messages; "" for not at all
    stopping: bool = False
    told_paused: bool = False  # that claims wait, as too many are in doubt
    told_unacknowledged: int = 0  # to how many people's messages WhatsApp says nothing

    @property
    def begun_run(self) -> str:
        """The browser run that was begun last; "" for none."""
        return "" if self.begun is None else self.begun.browser_run

    @property
    def followed(self) -> frozenset[str]:
        """Ids of the messages of which it is waited here for what becomes of them."""
        messages = [one.attempt.message for one in self.awaiting.values()]
        messages += [doubt.message for doubt in self.doubts.values()]
        messages += [one.message for one in waiting_in(self.uploads)]
        return frozenset(message.message_id for message in messages)

    @property
    def wakes_at_ms(self) -> int | None:
        """When to be told that time passed; None while only an input counts."""
        match self.phase:
            case Idle(until_ms):
                return min((until_ms, *(awaited.until_ms for awaited in self.awaiting.values())))
        return None
