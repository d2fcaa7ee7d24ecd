"""A message in doubt: its key stands and no acknowledgement came in time. What to do about one, purely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from session_worker.engine.port import Prepared
from shared.ledger.message import Message

FIRST_REFUSED = -1  # see `port.AckSeen`
MAX_COPIES_REFUSED = 3  # of later copies of one key: a further one, and it is uncertain


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is in doubt may take, in milliseconds."""

    look_again_ms: int = 5_000
    stuck_ms: int = 25_000  # READY, and still pending: this page waits in vain
    unsent_ms: int = 10_000  # READY, and still pending on the page after it: that one does not send it by itself either


@dataclass(frozen=True, slots=True)
class InDoubt:
    """One message. Times are of the steady clock, in milliseconds."""

    message: Message
    prepared: Prepared
    look_at_ms: int
    first: bool  # given to one page only: its refusal of the first copy says that nothing went out
    pending_since_ms: int  # a page that holds it at ack 0 sends it by itself: from here on it has had the time to
    copies_refused: int = 0
    asked_again: int = 0  # how often this page was handed the key once more


class Heard(Enum):
    """What WhatsApp's own word on a key means."""

    NOTHING = "nothing"  # no word, or none that decides: the page is asked
    SENT = "sent"
    REFUSED = "refused"  # certain that nothing went out
    UNCERTAIN = "uncertain"  # refused once too often


class Remedy(Enum):
    """What follows the page's answer on a key."""

    WAIT = "wait"
    RECORD = "record"  # it was acknowledged
    RELAUNCH_LOST = "relaunch_lost"  # the page does not have it
    RELAUNCH_STUCK = "relaunch_stuck"
    HAND_OVER = "hand_over"  # the same key once more: it was refused
    HAND_OVER_STUCK = "hand_over_stuck"  # … it is still pending


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


def judge(doubt: InDoubt, ack: int | None, now_ms: int, patience: Patience) -> tuple[InDoubt, Remedy]:
    """After the page was asked for a key. ack: None where the page does not have it; now_ms: steady clock."""
    looked = replace(doubt, look_at_ms=now_ms + patience.look_again_ms)
    if ack is None:
        # The page lost it. The same key may go again only after this page, which may still hold the send, is closed:
        # the new run finds it as a recovery.
        return looked, Remedy.RELAUNCH_LOST
    if ack >= 1:
        return doubt, Remedy.RECORD
    spread = min(doubt.asked_again, 4)  # each copy is given twice as long as the one before
    if ack < 0:
        return _once_more(replace(doubt, look_at_ms=now_ms + (patience.look_again_ms << spread))), Remedy.HAND_OVER
    if now_ms - doubt.pending_since_ms <= (patience.stuck_ms if doubt.first else patience.unsent_ms):
        return looked, Remedy.WAIT
    if doubt.first:
        # A new page is told what this one missed, without another copy; only then the same key goes once more.
        return looked, Remedy.RELAUNCH_STUCK
    waiting = replace(looked, pending_since_ms=now_ms + (patience.unsent_ms << spread))
    return _once_more(waiting), Remedy.HAND_OVER_STUCK


def _once_more(doubt: InDoubt) -> InDoubt:
    return replace(doubt, first=False, asked_again=doubt.asked_again + 1)
