"""What becomes of a message that SQL has as open while its ledger entry is gone. Pure.

Nothing may be sent twice by bringing it back: what may have gone out unseen is `uncertain`, for a person.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from hub_api.repair.ledger_upkeep import Readmitted
from shared.ledger.message import Message
from shared.transitions.message import Lane, MessageStatus

_IN_HAND = 2  # messages that may be on their way at one moment, whatever the pace


def decide(message: Message, now_ms: int, *, doubtful: bool) -> Readmitted:
    """doubtful: the message may have been claimed after SQL last heard of it."""
    if doubtful or message.status is not MessageStatus.QUEUED or message.whatsapp_id is not None:
        return Readmitted.UNCERTAIN
    # A campaign's message carries limits (window, epoch) that stand in the ledger only: the campaign releases it anew.
    if message.expires_at_ms <= now_ms or message.lane is Lane.CAMPAIGN:
        return Readmitted.EXPIRED
    return Readmitted.HELD if message.error == "HELD_NUMBER_CHANGED" else Readmitted.QUEUED


def unseen_sends(unseen_ms: int, gap_ms: int) -> int:
    """How many messages of one tenant may have been claimed in a time that SQL heard nothing of.

    gap_ms: the least time between two of them.
    """
    return _IN_HAND + math.ceil(unseen_ms / max(gap_ms, 100))


def doubtful(waiting: Sequence[Message], unseen_ms: int, gap_ms: int, delay_ms: int) -> set[str]:
    """Ids of a tenant's queued messages that may have left unseen: those that claims would have taken first.

    waiting: its queued messages, oldest first. gap_ms, delay_ms: the least time between any two, and between two of
    bulk or campaign. A message that waited behind another to the same recipient, or for another attempt, counts for
    nothing and is in doubt as well.
    """
    found: set[str] = set()
    for lane in Lane:
        left = unseen_sends(unseen_ms, gap_ms if lane is Lane.SINGLE else max(gap_ms, delay_ms))
        recipients: set[str] = set()
        for message in waiting:
            if message.lane is not lane or message.error == "HELD_NUMBER_CHANGED":
                continue
            if left <= 0:
                break
            found.add(message.message_id)
            if message.attempts == 0 and message.to not in recipients:
                left -= 1
            recipients.add(message.to)
    return found
