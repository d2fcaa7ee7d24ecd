"""What fetching wants done, as frozen records. A step returns at most one call, as its last action."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.turn import Log
from shared.ledger.media.pending import PendingMedia
from shared.protocol.events import MessageMedia


@dataclass(frozen=True, slots=True)
class Look:
    """See what is to be fetched next, and what room there is."""


@dataclass(frozen=True, slots=True)
class Postpone:
    """Keep what came of a message's bytes so far, and when they are tried next; before each fetch too."""

    whatsapp_id: str
    due_ms: int  # wall clock
    pending: PendingMedia


@dataclass(frozen=True, slots=True)
class Fetch:
    """Bring the bytes from the page of one browser run into the store."""

    browser_run: str
    whatsapp_id: str
    pending: PendingMedia
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Complete:
    """Record what became of a message's bytes. added_bytes: by which the store grew."""

    outcome: MessageMedia
    added_bytes: int = 0


Call = Look | Postpone | Fetch | Complete
Action = Call | Log
