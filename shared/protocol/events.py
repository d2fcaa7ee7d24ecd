"""What the events of sessions and messages say: workers and hub append them to the stream, the hub records them.

An entry of the stream is an envelope (type, tenant, message, moment) and a record of its type as JSON. Lua scripts
write most of them; they get the types from `EventType`, and a test walks every script and reads what it wrote.

To add an event: a member of `names.EventType`, a record here and its entry in `BODIES`; whoever writes it; and the
handler of the subject that keeps it (`recorder.py` in the hub's packages).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.names import EventType
from shared.protocol.acts import ActKind
from shared.protocol.content import Content
from shared.protocol.inbound import (
    Change,
    Choice,
    ContactCard,
    Direction,
    InboundType,
    MediaSource,
    MediaStatus,
    MissedCall,
    Place,
    Poll,
    PollVote,
    ReactionTo,
    Referral,
)
from shared.protocol.wire import Record, WireError
from shared.recipient_key import address_of, chat_of
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionEvent, SessionStatus

# One record per type. Times are whole milliseconds since the epoch. error and cause: codes of `shared.texts`.


@dataclass(frozen=True, slots=True)
class MessageQueued(Record):
    """A message was accepted (then `to` and what follows it are there), or waits once more."""

    to: str | None = None  # canonical digits
    message: str | None = None  # the text
    content: Content | None = None  # what it carries beside it; None: nothing
    message_id: str | None = None
    cliente_id: int | None = None
    status: MessageStatus | None = None
    lane: int | None = None  # of `Lane`
    accepted_at: int | None = None
    expires_at: int | None = None  # also where a person has it sent again
    attempts: int | None = None
    bulk_id: str | None = None
    campaign_id: str | None = None
    campaign_stop_version: str | None = None  # under which a campaign released it
    campaign_ref: str | None = None  # `<recipient>:<turn>` of the campaign's list
    campaign_day: int | None = None  # the tenant's local day it counts for, such as 20261120
    delay: int | None = None  # at least so long after it until the next bulk or campaign message
    error: str = ""  # why an attempt ended
    cause: str = ""
    attempt: int | None = None  # which attempt ended
    certain: bool | None = None  # that nothing went out in it
    by: str = ""  # the person who has it sent again
    idempotency: str = ""  # `<digest of the key>:<digest of the body>` of the call that it was accepted by


@dataclass(frozen=True, slots=True)
class MessageSending(Record):
    """The session's owner took it."""

    fence: int  # the owner


@dataclass(frozen=True, slots=True)
class MessageKey(Record):
    """WhatsApp's key for it was persisted: from now on it may have gone out."""

    whatsapp_id: str
    attempt: int
    to: str = ""  # canonical digits: who is written to in the chat that the key names


@dataclass(frozen=True, slots=True)
class MessageSent(Record):
    """WhatsApp's server has it, by its acknowledgement or by a person's word."""

    ack: int | None = None
    by: str = ""
    certain: bool | None = None
    whatsapp_id: str = ""  # WhatsApp's key for it, where it has one: `MessageKey` may have been lost with a Redis


@dataclass(frozen=True, slots=True)
class MessageDelivered(Record):
    """The recipient's phone has it."""

    ack: int
    whatsapp_id: str = ""  # as of MessageSent


@dataclass(frozen=True, slots=True)
class MessageRead(Record):
    """The recipient read it."""

    ack: int
    whatsapp_id: str = ""  # as of MessageSent


@dataclass(frozen=True, slots=True)
class MessageEnded(Record):
    """It failed, was cancelled, expired, or its outcome is uncertain; the event's type says which."""

    certain: bool  # that nothing went out
    error: str = ""
    cause: str = ""
    attempt: int | None = None
    by: str = ""  # the person who decided it
    frees_key: bool = False  # the idempotency key that it was accepted by may be used anew
    whatsapp_id: str = ""  # as of MessageSent


@dataclass(frozen=True, slots=True)
class MessageHeld(Record):
    """It waits for a person: another phone was paired since it was accepted."""

    error: str
    certain: bool


@dataclass(frozen=True, slots=True)
class MessageReleased(Record):
    """A person lets it go out through the phone that is paired now."""

    by: str


@dataclass(frozen=True, slots=True)
class MessageRestored(Record):
    """Its ledger entry was gone and was put back from SQL's record."""

    cause: str
    certain: bool


@dataclass(frozen=True, slots=True)
class MessageReindexed(Record):
    """Its ledger entry stood in a wrong index, or in none."""

    cause: str


@dataclass(frozen=True, slots=True)
class MessageInbound(Record):
    """A message of a conversation that did not go out through us. The envelope's message id is WhatsApp's key.

    Somebody wrote it to the tenant, or its owner on the phone itself. Of its parts that of its type is there, so that a
    `poll_vote` has `vote`; reply_to and referral come with any.
    """

    sender: str = field(metadata={"wire": "from"})  # canonical digits, or a LID; the tenant's own number for `out`
    message: str  # text or caption
    at: int  # when it was written
    whatsapp_id: str
    chat_id: str = ""  # `…@c.us`, `…@lid`, `…@g.us`
    author: str = ""  # in a group, who wrote it: digits, or a LID
    direction: Direction = Direction.IN
    type: InboundType = InboundType.TEXT
    raw_type: str = ""  # WhatsApp's own word, where the type is unknown
    push_name: str = ""  # what the sender calls himself
    chat_name: str = ""  # of a group
    reply_to: str = ""  # the key of the message that it answers, ours or theirs
    media: MediaSource | None = None
    location: Place | None = None
    contacts: tuple[ContactCard, ...] = ()
    reaction: ReactionTo | None = None
    poll: Poll | None = None
    vote: PollVote | None = None
    choice: Choice | None = None
    call: MissedCall | None = None
    referral: Referral | None = None

    @property
    def chat(self) -> str:
        """The chat's id; one that was told without has it in its key, "" where it is nowhere."""
        return self.chat_id or chat_of(self.whatsapp_id)

    @property
    def from_person(self) -> bool:
        """Whether somebody wrote it to the tenant alone: not in a group, and not its owner on the phone."""
        return self.direction is Direction.IN and (self.chat == "" or address_of(self.chat) != "")


@dataclass(frozen=True, slots=True)
class MessageUpdated(Record):
    """A message of a conversation, ours or theirs, was edited or deleted for everyone.

    The envelope's message id is WhatsApp's key of the message, as it was before.
    """

    whatsapp_id: str
    change: Change
    at: int
    message: str = ""  # the text or caption that it has now
    change_id: str = ""  # WhatsApp's key of the change, where it has one


@dataclass(frozen=True, slots=True)
class MessageMedia(Record):
    """What became of a message's bytes. The envelope's message id is WhatsApp's key."""

    whatsapp_id: str
    status: MediaStatus
    mime_type: str = ""
    size: int | None = None  # bytes, as they are
    sha256: str = ""  # hex digits of the bytes: the name they are stored under
    error: str = ""  # why it failed; a code of `shared.texts`
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class ActAsked(Record):
    """Somebody asked for a reaction to a message, an edit or a deletion of it. See `shared.protocol.acts`.

    The envelope's message id is ours where it is one of ours, else WhatsApp's key; so with `ActEnded`.
    """

    act_id: str
    kind: ActKind
    whatsapp_id: str  # of the message, as it was when that was asked
    emoji: str = ""  # of a reaction; "": it is taken back


@dataclass(frozen=True, slots=True)
class ActEnded(Record):
    """What came of it; the event's type says what."""

    act_id: str
    kind: ActKind
    whatsapp_id: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class SessionMoved(Record):
    """A session's status changed."""

    before: SessionStatus = field(metadata={"wire": "from"})
    after: SessionStatus = field(metadata={"wire": "to"})
    event: SessionEvent
    cause: str
    store: str = ""  # the profile store that holds the login


@dataclass(frozen=True, slots=True)
class SessionCode(Record):
    """A session shows another code to scan. The code itself stands in the snapshot alone."""

    expires_at: int


@dataclass(frozen=True, slots=True)
class SessionUnwanted(Record):
    """Nobody wants the session any more: its owner says so, and SQL is the master."""

    cause: str


@dataclass(frozen=True, slots=True)
class SessionUnlinked(Record):
    """The phone was unlinked because a caller had asked for it, or was not linked any more."""

    cause: str


@dataclass(frozen=True, slots=True)
class LedgerImbalance(Record):
    """A tenant's counters do not add up; the numbers are those of the report."""

    accepted: int
    sent: int
    failed: int
    cancelled: int
    expired: int
    uncertain: int
    open: int
    queued: int
    in_flight: int
    held: int
    balanced: bool


Body = (
    MessageQueued
    | MessageSending
    | MessageKey
    | MessageSent
    | MessageDelivered
    | MessageRead
    | MessageEnded
    | MessageHeld
    | MessageReleased
    | MessageRestored
    | MessageReindexed
    | MessageInbound
    | MessageUpdated
    | MessageMedia
    | ActAsked
    | ActEnded
    | SessionMoved
    | SessionCode
    | SessionUnwanted
    | SessionUnlinked
    | LedgerImbalance
)

BODIES: dict[EventType, type[Body]] = {
    EventType.MESSAGE_QUEUED: MessageQueued,
    EventType.MESSAGE_SENDING: MessageSending,
    EventType.MESSAGE_KEY: MessageKey,
    EventType.MESSAGE_SENT: MessageSent,
    EventType.MESSAGE_DELIVERED: MessageDelivered,
    EventType.MESSAGE_READ: MessageRead,
    EventType.MESSAGE_FAILED: MessageEnded,
    EventType.MESSAGE_CANCELLED: MessageEnded,
    EventType.MESSAGE_EXPIRED: MessageEnded,
    EventType.MESSAGE_UNCERTAIN: MessageEnded,
    EventType.MESSAGE_HELD: MessageHeld,
    EventType.MESSAGE_RELEASED: MessageReleased,
    EventType.MESSAGE_RESTORED: MessageRestored,
    EventType.MESSAGE_REINDEXED: MessageReindexed,
    EventType.MESSAGE_INBOUND: MessageInbound,
    EventType.MESSAGE_UPDATED: MessageUpdated,
    EventType.MESSAGE_MEDIA: MessageMedia,
    EventType.MESSAGE_ACT_ASKED: ActAsked,
    EventType.MESSAGE_ACT_DONE: ActEnded,
    EventType.MESSAGE_ACT_FAILED: ActEnded,
    EventType.MESSAGE_ACT_UNKNOWN: ActEnded,
    EventType.SESSION_STATUS: SessionMoved,
    EventType.SESSION_QR: SessionCode,
    EventType.SESSION_UNWANTED: SessionUnwanted,
    EventType.SESSION_UNLINKED: SessionUnlinked,
    EventType.LEDGER_IMBALANCE: LedgerImbalance,
}

# They stand in the message itself, which keeps its text for as long as the tenant wants; its history does not.
_NEVER_IN_HISTORY = frozenset(("message", "content", "to", "idempotency"))


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the stream."""

    event_id: str  # the stream's, sortable within one server's life
    type: EventType
    cliente_id: int
    message_id: str  # ours; WhatsApp's key for an inbound message; "" for a session's
    at: int
    body: Body
    history_data: str  # the body as the history keeps it, as JSON: never a message's text or content

    @classmethod
    def from_wire(cls, event_id: str, entry: Mapping[str, str]) -> Event:
        """Reads an entry of the stream. Raises WireError, ValueError or KeyError for what is no event of ours."""
        kind = EventType(entry["type"])
        data: Any = json.loads(entry["data"])
        if not isinstance(data, dict):
            raise WireError("an event's data is no object")
        if _NEVER_IN_HISTORY.isdisjoint(data):
            history = entry["data"]
        else:
            history = json.dumps({name: value for name, value in data.items() if name not in _NEVER_IN_HISTORY})
        return cls(
            event_id=event_id,
            type=kind,
            cliente_id=int(entry["cliente_id"]),
            message_id=entry["message_id"],
            at=int(entry["at"]),
            body=BODIES[kind].from_wire(data),
            history_data=history,
        )

    @property
    def order(self) -> tuple[int, int]:
        """For comparing two event ids."""
        return stream_order(self.event_id)


def event_data(body: Record) -> str:
    """A record as the stream carries it. Escaped: a text may hold a lone surrogate."""
    return json.dumps(body.to_wire())


def stream_order(event_id: str) -> tuple[int, int]:
    """`"1767225600000-3"` → (1767225600000, 3)."""
    ms, _, sequence = event_id.partition("-")
    return int(ms), int(sequence or 0)
