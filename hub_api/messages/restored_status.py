"""As what a message is restored whose ledger entry is gone, or stands as it stood in an older Redis. Pure.

Nothing may be sent twice by restoring it: what may have gone out unseen is `uncertain`, for a person.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from shared.ledger.message import Message
from shared.ledger.restoring.restoring import RestoreAs
from shared.recipient_key import recipient_key
from shared.transitions.message import OPEN_STATUSES, OUT_STATUSES, Lane, MessageStatus

_REACHED = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ)
_MAX_IN_FLIGHT = 2  # messages that may be on their way at one moment, whatever the pace


def restored_as(message: Message, now_ms: int, *, in_doubt: bool) -> RestoreAs:
    """in_doubt: the message may have been claimed after SQL last heard of it."""
    if in_doubt or message.status is not MessageStatus.QUEUED or message.whatsapp_id is not None:
        return RestoreAs.UNCERTAIN
    # A campaign's limits (window, stop version) stand in the ledger only: the campaign releases the message anew.
    if message.expires_at_ms <= now_ms or message.lane is Lane.CAMPAIGN:
        return RestoreAs.EXPIRED
    return RestoreAs.HELD if message.error == "HELD_NUMBER_CHANGED" else RestoreAs.QUEUED


def put_right_as(message: Message, found: MessageStatus | None, now_ms: int, *, in_doubt: bool) -> RestoreAs | None:
    """How a ledger's entry is put right by SQL's record; None where it stays.

    message: as SQL has it. found: the entry's status, None where it is gone. in_doubt: as of `restored_as`. The ledger
    is the newer one only in what needs no claim: WhatsApp's word, and that somebody cancelled, or expiry.
    """
    has = message.status
    if has not in OPEN_STATUSES:
        return None if found is None or _is_newer(found, has) else RestoreAs(has.value)
    if found is None or found in OPEN_STATUSES or found is MessageStatus.UNCERTAIN:
        return restored_as(message, now_ms, in_doubt=in_doubt or found is MessageStatus.UNCERTAIN)
    return None


def _is_newer(found: MessageStatus, has: MessageStatus) -> bool:
    """Whether an entry may say more than a record of a message that has ended."""
    if found is has:
        return True
    if found in OUT_STATUSES:
        return has not in OUT_STATUSES or _REACHED.index(found) > _REACHED.index(has)
    return found is MessageStatus.FAILED and has is MessageStatus.UNCERTAIN  # a person said so


def unseen_sends(unseen_ms: int, gap_ms: int) -> int:
    """How many messages of one tenant may have been claimed in a time that SQL heard nothing of.

    gap_ms: the least time between two of them.
    """
    return _MAX_IN_FLIGHT + math.ceil(unseen_ms / max(gap_ms, 100))


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
            recipient = recipient_key(message.to)
            if message.attempts == 0 and recipient not in recipients:
                left -= 1
            recipients.add(recipient)
    return found
