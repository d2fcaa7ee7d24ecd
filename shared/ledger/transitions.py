"""A message's life (CONTRACT section 3): its states, its lanes and which state may follow which."""

from __future__ import annotations

from enum import IntEnum, StrEnum


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
    UNCERTAIN = "uncertain"  # WhatsApp could not be asked; a person settles it


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

_S = MessageStatus
FOLLOWERS: dict[MessageStatus, frozenset[MessageStatus]] = {
    # An acknowledgement of an earlier key may come while a person has it sent again; a lost ledger leaves doubt.
    _S.QUEUED: frozenset(
        {_S.SENDING, _S.CANCELLED, _S.EXPIRED, _S.FAILED, _S.SENT, _S.DELIVERED, _S.READ, _S.UNCERTAIN}
    ),
    _S.SENDING: frozenset({_S.QUEUED, _S.SENT, _S.DELIVERED, _S.READ, _S.FAILED, _S.EXPIRED, _S.UNCERTAIN}),
    _S.SENT: frozenset({_S.DELIVERED, _S.READ}),
    _S.DELIVERED: frozenset({_S.READ}),
    _S.READ: frozenset(),
    # An acknowledgement is evidence and corrects what was only inferred.
    _S.FAILED: frozenset({_S.SENT, _S.DELIVERED, _S.READ}),
    _S.UNCERTAIN: frozenset({_S.SENT, _S.DELIVERED, _S.READ, _S.FAILED, _S.QUEUED}),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset(),
}
