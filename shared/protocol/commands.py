"""What the hub tells and asks a session's worker, and what the worker answers: Celery tasks on the tenant's queue.

A task's keyword arguments are the record's wire form. A question carries the id of a short-lived list in Redis on which
the asker waits; the answer stands there as JSON. A failure is an answer too: `Refusal`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from shared import names
from shared.protocol.groups import Group
from shared.protocol.profiles import Profile
from shared.protocol.snapshot import Snapshot
from shared.protocol.wire import Record, WireError


@dataclass(frozen=True, slots=True)
class Command(Record):
    """Something a worker is told to do. task: the Celery task's name."""

    task: ClassVar[str]
    cliente_id: int

    @property
    def queue(self) -> str:
        """The Celery queue it is put on."""
        return names.control_queue(self.cliente_id)


@dataclass(frozen=True, slots=True)
class Notify(Command):
    """There is a message to send. The ledger says which; this only wakes the session's owner."""

    task = names.TASK_NOTIFY
    message_id: str

    @property
    def queue(self) -> str:
        """One of its own: there may be many, and nobody who controls the session waits behind them."""
        return names.session_queue(self.cliente_id)


@dataclass(frozen=True, slots=True)
class Connect(Command):
    """Start what does not run."""

    task = names.TASK_CONNECT
    refresh_code: bool = False  # the last QR code ran out: show a new one


@dataclass(frozen=True, slots=True)
class Disconnect(Command):
    """End browser and session."""

    task = names.TASK_DISCONNECT
    logout: bool = False  # also unlink the phone


@dataclass(frozen=True, slots=True)
class Restart(Command):
    """A new browser with the same login."""

    task = names.TASK_RESTART


@dataclass(frozen=True, slots=True)
class PerformActs(Command):
    """Something is to be done to a message. The ledger says what; this only wakes the session's owner."""

    task = names.TASK_ACT
    act_id: str


@dataclass(frozen=True, slots=True)
class SessionStatusAnswer(Record):
    """The session as its worker has it at this moment, not as it was last written."""

    snapshot: Snapshot

    def to_wire(self) -> dict[str, Any]:
        """The snapshot's own wire form."""
        return {"snapshot": self.snapshot.to_wire()}

    @classmethod
    def from_wire(cls, data: Any) -> SessionStatusAnswer:
        """Raises WireError."""
        return cls(Snapshot.from_wire(data["snapshot"]))


@dataclass(frozen=True, slots=True)
class PairingCodeAnswer(Record):
    """A code to type on the phone."""

    code: str
    expires_at: int  # milliseconds since the epoch


@dataclass(frozen=True, slots=True)
class ContactAnswer(Record):
    """Whether a number is on WhatsApp."""

    exists: bool | None  # None: WhatsApp could not be asked
    chat_id: str | None = None  # the chat that WhatsApp knows it by, where it exists


@dataclass(frozen=True, slots=True)
class MarkReadAnswer(Record):
    """The chat counts as read."""


@dataclass(frozen=True, slots=True)
class TypingAnswer(Record):
    """It is shown in the chat."""


@dataclass(frozen=True, slots=True)
class GroupsAnswer(Record):
    """The groups that the number is in, without their participants."""

    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupAnswer(Record):
    """One group; None: the number is in none of that id."""

    group: Group | None = None


@dataclass(frozen=True, slots=True)
class ProfileAnswer(Record):
    """How somebody shows himself; None: the number is not on WhatsApp."""

    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Refusal(Record):
    """The worker could not do what it was asked. error: a code of `shared.errors`."""

    error: str


Answer = TypeVar(
    "Answer",
    SessionStatusAnswer,
    PairingCodeAnswer,
    ContactAnswer,
    MarkReadAnswer,
    TypingAnswer,
    GroupsAnswer,
    GroupAnswer,
    ProfileAnswer,
)
AnyAnswer = (
    SessionStatusAnswer
    | PairingCodeAnswer
    | ContactAnswer
    | MarkReadAnswer
    | TypingAnswer
    | GroupsAnswer
    | GroupAnswer
    | ProfileAnswer
    | Refusal
)


@dataclass(frozen=True, slots=True)
class Question(Command, Generic[Answer]):
    """Something a worker is asked. answer: the record of its answer."""

    answer: ClassVar[type[Record]]
    within_s: ClassVar[float] = 5.0  # an answer that takes longer is none
    question_id: str

    def read(self, text: str) -> Answer | Refusal:
        """An answer to this question. Raises WireError for what is none."""
        try:
            data = json.loads(text)
        except ValueError:
            raise WireError(f"the answer to {type(self).__name__} is no JSON") from None
        if not isinstance(data, dict):
            raise WireError(f"the answer to {type(self).__name__} is no object")
        found: Any = Refusal.from_wire(data) if "error" in data else self.answer.from_wire(data)
        return found  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class AskStatus(Question[SessionStatusAnswer]):
    """How the session stands."""

    task = names.TASK_STATUS
    answer = SessionStatusAnswer


@dataclass(frozen=True, slots=True)
class AskPairingCode(Question[PairingCodeAnswer]):
    """A pairing code for a phone that can't scan."""

    task = names.TASK_PAIRING_CODE
    answer = PairingCodeAnswer
    within_s = 15.0  # longer than the engine may take
    phone_number: str  # canonical digits


@dataclass(frozen=True, slots=True)
class AskContact(Question[ContactAnswer]):
    """Whether a number is on WhatsApp, and under which chat."""

    task = names.TASK_CHECK_CONTACT
    answer = ContactAnswer
    within_s = 20.0  # longer than the engine may take
    number: str  # canonical digits


@dataclass(frozen=True, slots=True)
class MarkRead(Question[MarkReadAnswer]):
    """To have a chat count as read, on the phone too, and for those who wrote there. Answered once that is done."""

    task = names.TASK_MARK_READ
    answer = MarkReadAnswer
    within_s = 20.0  # longer than the engine may take
    chat_id: str  # as `MessageInbound` has it: `…@c.us`, `…@lid`, `…@g.us`


@dataclass(frozen=True, slots=True)
class ShowTyping(Question[TypingAnswer]):
    """To show in a chat that somebody is writing, or recording. Answered once that has begun."""

    task = names.TASK_SHOW_TYPING
    answer = TypingAnswer
    within_s = 20.0  # longer than the engine may take
    chat_id: str
    seconds: float
    recording: bool = False


@dataclass(frozen=True, slots=True)
class AskGroups(Question[GroupsAnswer]):
    """Which groups the number is in."""

    task = names.TASK_READ_GROUPS
    answer = GroupsAnswer
    within_s = 25.0  # longer than the engine may take


@dataclass(frozen=True, slots=True)
class AskGroup(Question[GroupAnswer]):
    """One group, with its participants."""

    task = names.TASK_READ_GROUP
    answer = GroupAnswer
    within_s = 25.0  # longer than the engine may take
    group_id: str


@dataclass(frozen=True, slots=True)
class AskProfile(Question[ProfileAnswer]):
    """How the owner of a number shows himself."""

    task = names.TASK_READ_PROFILE
    answer = ProfileAnswer
    within_s = 25.0  # longer than the engine may take
    number: str  # canonical digits


def answer_text(answer: AnyAnswer) -> str:
    """An answer as it stands on the asker's list."""
    return json.dumps(answer.to_wire())
