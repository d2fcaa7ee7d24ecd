"""How long a tenant's messages wait for one another. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.ledger.claiming.work import Pace
from shared.sessions.tenant_rules import TenantRules


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
