"""An act: what is done to a message that is on WhatsApp already. Nobody can do it halfway, and everybody may repeat it.

It is put on record before the session's owner is told of it. It ends `done`, `failed` (certain that it did not take
place) or `unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.protocol.wire import Record


class ActKind(StrEnum):
    """DELETION: for everyone."""

    REACTION = "reaction"
    EDIT = "edit"
    DELETION = "deletion"


class ActStatus(StrEnum):
    """ASKED: nobody has begun it. BEGUN: the page was told, or is about to be."""

    ASKED = "asked"
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


OPEN_ACTS = frozenset({ActStatus.ASKED, ActStatus.BEGUN})


@dataclass(frozen=True, slots=True)
class Act(Record):
    """What is to be done to which message."""

    act_id: str  # sortable
    cliente_id: int
    kind: ActKind
    whatsapp_id: str  # of the message
    asked_at: int  # milliseconds since the epoch
    message_id: str = ""  # ours, where it is one of ours
    emoji: str = ""  # of a reaction; "": it is taken back
    text: str = ""  # of an edit: the text or caption that it is to have

    @property
    def of(self) -> str:
        """By what its events name the message."""
        return self.message_id or self.whatsapp_id


@dataclass(frozen=True, slots=True)
class ActEntry:
    """An act as Redis has it."""

    act: Act
    status: ActStatus
    error: str = ""  # a code of `shared.texts`
    begun_at: int | None = None
    ended_at: int | None = None
    browser_run: str = ""  # that began it
