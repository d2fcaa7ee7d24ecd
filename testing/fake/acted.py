"""What a fake WhatsApp keeps of acts, groups and profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from session_worker.engine.heard import Heard
from shared.protocol.acts import ActKind
from shared.protocol.groups import Group
from shared.protocol.profiles import Profile

_EDIT_WITHIN_MS = 15 * 60_000


@dataclass
class FakeActs:
    """told: what recipients saw happen, in order: the kind, the message's key, the text or emoji."""

    lost_answers: int = 0  # how many of the next ones take place without the page's answer
    edit_within_ms: int = _EDIT_WITHIN_MS
    told: list[tuple[ActKind, str, str]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)  # by the act's id
    took_place: dict[str, Heard] = field(default_factory=dict)  # by the act's id
    typing: list[tuple[str, str, float, bool]] = field(default_factory=list)  # own number, chat, seconds, recording
    groups: dict[str, Sequence[Group]] = field(default_factory=dict)  # by the number that is in them
    group_queries: int = 0
    profiles: dict[str, Profile] = field(default_factory=dict)  # by number
