"""A message's life as one written table: which event may follow in which status, and the status it leads to.

Both stores follow it. The Lua scripts of the ledger get it as a table (`shared.ledger.script`), the records in SQL ask
`after`; a test walks every script at random and compares the two after each step.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from shared.names import EventType


class MessageStatus(StrEnum):
    """Wire values of `status`."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"  # WhatsApp's server acknowledged it (ack >= 1)
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"  # certain that nothing went out
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"  # WhatsApp could not be asked; a person resolves it


class Lane(IntEnum):
    """Order of service, first to last."""

    SINGLE = 0
    BULK = 1
    CAMPAIGN = 2

    @property
    def wire(self) -> str:
        """The value callers see."""
        return self.name.lower()

    @classmethod
    def from_wire(cls, text: str) -> Lane:
        """Raises KeyError for an unknown lane."""
        return cls[text.upper()]


OPEN_STATUSES = frozenset({MessageStatus.QUEUED, MessageStatus.SENDING})
OUT_STATUSES = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ})  # WhatsApp's server has it

_S, _E = MessageStatus, EventType

# An acknowledgement is evidence from WhatsApp: it corrects whatever was only inferred before, in every status.
_ACKNOWLEDGED = {_E.MESSAGE_SENT: _S.SENT, _E.MESSAGE_DELIVERED: _S.DELIVERED, _E.MESSAGE_READ: _S.READ}

TABLE: dict[MessageStatus, dict[EventType, MessageStatus]] = {
    _S.QUEUED: {
        **_ACKNOWLEDGED,  # of an earlier key, while it waits for another attempt
        _E.MESSAGE_QUEUED: _S.QUEUED,
        _E.MESSAGE_SENDING: _S.SENDING,
        _E.MESSAGE_FAILED: _S.FAILED,  # the recipient opted out meanwhile
        _E.MESSAGE_CANCELLED: _S.CANCELLED,
        _E.MESSAGE_EXPIRED: _S.EXPIRED,
        _E.MESSAGE_UNCERTAIN: _S.UNCERTAIN,  # its ledger entry was lost, and it may have left unseen
    },
    _S.SENDING: {
        **_ACKNOWLEDGED,
        _E.MESSAGE_QUEUED: _S.QUEUED,
        _E.MESSAGE_FAILED: _S.FAILED,
        _E.MESSAGE_CANCELLED: _S.CANCELLED,  # its campaign stopped before its key stood
        _E.MESSAGE_EXPIRED: _S.EXPIRED,
        _E.MESSAGE_UNCERTAIN: _S.UNCERTAIN,
    },
    _S.SENT: {_E.MESSAGE_DELIVERED: _S.DELIVERED, _E.MESSAGE_READ: _S.READ},
    _S.DELIVERED: {_E.MESSAGE_READ: _S.READ},
    _S.READ: {},
    _S.FAILED: {**_ACKNOWLEDGED},
    _S.CANCELLED: {**_ACKNOWLEDGED},
    _S.EXPIRED: {**_ACKNOWLEDGED},
    _S.UNCERTAIN: {
        **_ACKNOWLEDGED,
        _E.MESSAGE_FAILED: _S.FAILED,  # a person decided
        _E.MESSAGE_QUEUED: _S.QUEUED,  # a person has it sent again
    },
}


def after(status: MessageStatus, event: EventType) -> MessageStatus | None:
    """The status that `event` leads to; None where it does not change `status` or may not follow it."""
    return TABLE[status].get(event)
