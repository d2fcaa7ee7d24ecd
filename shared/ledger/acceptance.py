"""What limits the acceptance of a message, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AcceptLimits:
    """queue: open messages a tenant may have. per_minute: messages accepted per minute and tenant, 0 for no limit."""

    queue: int
    per_minute: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """message_id: of the new message, or of the first one under the same idempotency key.

    duplicate: nothing was written. woke: the session was not wanted before and is now.
    """

    message_id: str
    duplicate: bool
    woke: bool
