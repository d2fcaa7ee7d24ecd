"""A message in doubt: its key stands and no acknowledgement came in time. What to do about one, purely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from session_worker.engine.port import Found, Prepared
from shared.ledger.message import Message

FIRST_REFUSED = -1  # see `port.AckSeen`
MAX_COPIES_REFUSED = 3  # of later copies of one key: a further one, and it is uncertain
MAX_RESENDS = 8  # of one message, none of them acknowledged: a further one, and it is uncertain
MAX_STUCK = 4  # browsers that waited in vain for an acknowledgement of one key: a further one, and it is uncertain


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is in doubt may take, in milliseconds."""

    look_again_ms: int = 5_000
    stuck_ms: int = 25_000  # READY, and still pending: this page waits in vain; doubled with each page that did
    overdue_ms: int = 10_000  # READY, and still pending: more than the network's doing


@dataclass(frozen=True, slots=True)
class InDoubt:
    """One message. Times are of the steady clock, in milliseconds."""

    message: Message
    prepared: Prepared
    look_at_ms: int
    first: bool  # sent once at most: its refusal says that nothing went out
    pending_since_ms: int  # a page that has it pending sends it by itself: from here on it has had the time to
    copies_refused: int = 0
    resends: int = 0  # how often a page was told to send it again
    stuck: int = 0  # browsers that were closed since they waited for its acknowledgement in vain


class Heard(Enum):
    """What WhatsApp's own word on a key means."""

    NOTHING = "nothing"  # no word, or none that decides: the page is asked
    SENT = "sent"
    REFUSED = "refused"  # certain that nothing went out
    UNCERTAIN = "uncertain"  # refused once too often


class Remedy(Enum):
    """What follows the page's answer on a key."""

    WAIT = "wait"
    RECORD = "record"  # it was sent
    RESEND = "resend"  # the page holds it and sends it no more by itself: the same row, the same key
    RELAUNCH_LOST = "relaunch_lost"  # the page does not have it
    RELAUNCH_STUCK = "relaunch_stuck"  # the page sends it, and no acknowledgement comes
    GIVE_UP = "give_up"  # either happened once too often: a person looks into it


def hear(doubt: InDoubt, ack: int | None) -> tuple[InDoubt, Heard]:
    """After WhatsApp told of a key by itself. ack: None where it told nothing.

    The refusal of a later copy is not final: the server may have an earlier one, and only the same key asks it. A
    server that has it acknowledges a further copy; one that has not takes it now, or refuses it again.
    """
    if ack is None:
        return doubt, Heard.NOTHING
    if ack >= 1:
        return doubt, Heard.SENT
    if ack == FIRST_REFUSED and doubt.first:
        return doubt, Heard.REFUSED
    doubt = replace(doubt, copies_refused=doubt.copies_refused + 1)
    return doubt, Heard.UNCERTAIN if doubt.copies_refused > MAX_COPIES_REFUSED else Heard.NOTHING


def judge(doubt: InDoubt, found: Found | None, now_ms: int, patience: Patience) -> tuple[InDoubt, Remedy]:
    """After the page was asked for a key. found: None where the page does not have it; now_ms: steady clock."""
    looked = replace(doubt, look_at_ms=now_ms + patience.look_again_ms)
    if found is None:
        # The page lost it. The same key may go again only after this page, which may still hold the send, is closed:
        # the new run finds it as a recovery.
        return looked, Remedy.RELAUNCH_LOST
    if found.revoked or found.ack >= 1:
        return doubt, Remedy.RECORD
    if found.unsent and doubt.resends >= MAX_RESENDS:
        return looked, Remedy.GIVE_UP
    if found.unsent:
        # Each copy is given twice as long as the one before. A refused one that is refused again is counted by `hear`.
        again_ms = patience.look_again_ms << min(doubt.resends, 4)
        resent = replace(
            doubt, first=False, resends=doubt.resends + 1, look_at_ms=now_ms + again_ms, pending_since_ms=now_ms
        )
        return resent, Remedy.RESEND
    if now_ms - doubt.pending_since_ms <= patience.stuck_ms << doubt.stuck:
        return looked, Remedy.WAIT
    # A new page is told what this one missed; there the message is unsent, and is sent again under its key.
    stuck = replace(looked, stuck=doubt.stuck + 1)
    return stuck, Remedy.RELAUNCH_STUCK if stuck.stuck <= MAX_STUCK else Remedy.GIVE_UP


def is_overdue(doubt: InDoubt, now_ms: int, patience: Patience) -> bool:
    """Whether the page had the time to bring it to an end while it was connected. now_ms: steady clock."""
    return now_ms - doubt.pending_since_ms >= patience.overdue_ms
