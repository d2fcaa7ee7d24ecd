"""How long a tenant's messages wait for one another, and how long one seems to be written. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.ledger.claiming.work import Pace
from shared.ledger.message import Message
from shared.protocol.content import ContentType
from shared.sessions.tenant_rules import TenantRules

_CHARACTERS_A_SECOND = 8
_VOICE_BYTES_A_SECOND = 2_000  # Opus at 16 kbit/s, as phones record


@dataclass(frozen=True, slots=True)
class PaceRange:
    """Seconds between two messages of the tenant, and between two bulk or campaign messages."""

    gap_min: float
    gap_max: float
    delay_min: float
    delay_max: float
    daily_cap: int = 0  # bulk and campaign messages a day; 0 for none
    zone: str = "UTC"  # whose midnight begins a day

    def draw(self, rng: random.Random, now_ms: int) -> Pace:
        """What limits the messages after a claim made at `now_ms` (wall clock)."""
        return Pace(
            round(1000 * rng.uniform(self.gap_min, self.gap_max)),
            round(1000 * rng.uniform(self.delay_min, self.delay_max)),
            self.daily_cap,
            *_day(self.zone, now_ms),
        )


@dataclass(frozen=True, slots=True)
class Typing:
    """What the recipient is shown before a message comes: that somebody writes, or records."""

    seconds: float
    recording: bool


NO_TYPING = Typing(0, recording=False)


def typing_before(message: Message, longest_s: float, rng: random.Random) -> Typing:
    """As long as a quick hand takes for its text, or a voice note lasts, give or take a fifth; `longest_s` at most."""
    content = message.content
    recording = content.type is ContentType.VOICE
    if recording and content.media is not None:
        seconds = content.media.size / _VOICE_BYTES_A_SECOND
    else:
        seconds = 1 + len(message.text or "") / _CHARACTERS_A_SECOND
    return Typing(min(longest_s, seconds * rng.uniform(0.8, 1.2)), recording)


def for_tenant(pace: Pace, rules: TenantRules, now_ms: int) -> Pace:
    """The same with the tenant's own cap and zone, where it has them."""
    if rules.daily_cap is not None:
        pace = replace(pace, daily_cap=rules.daily_cap)
    if rules.timezone is not None:
        day, day_left_ms = _day(rules.timezone, now_ms)
        pace = replace(pace, day=day, day_left_ms=day_left_ms)
    return pace


def _day(zone: str, now_ms: int) -> tuple[str, int]:
    """The local day, `20261120`, and the milliseconds that are left of it."""
    now = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone))
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return now.strftime("%Y%m%d"), round(midnight.timestamp() * 1000) - now_ms
