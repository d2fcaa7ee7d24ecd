"""Groups as WhatsApp tells them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.protocol.wire import Record


class GroupRole(StrEnum):
    """SUPERADMIN: who made the group, as a rule."""

    MEMBER = "member"
    ADMIN = "admin"
    SUPERADMIN = "superadmin"


@dataclass(frozen=True, slots=True)
class Participant(Record):
    """Somebody in a group. number: canonical digits; "" where WhatsApp says a LID alone."""

    participant_id: str  # `…@c.us`, or `…@lid`
    number: str
    role: GroupRole


@dataclass(frozen=True, slots=True)
class Group(Record):
    """A group that the number is in."""

    group_id: str  # `…@g.us`
    subject: str
    description: str = ""
    owner: str = ""  # digits, or a LID; "" where WhatsApp names none
    created_at: int | None = None  # milliseconds since the epoch
    only_admins: bool = False  # others can't write in it
    size: int = 0
    participants: tuple[Participant, ...] = ()
