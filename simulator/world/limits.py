"""How much an account may write to people it hasn't written to before: the time lock and the cap on new chats."""

from __future__ import annotations

import time
from dataclasses import dataclass

TIME_LOCKED = "463"
CAPPED = "475"


@dataclass(slots=True)
class Limits:
    """One phone's limits. Times are seconds since the epoch.

    Attributes:
        time_lock_ends: no message to a new chat goes out before this; None: no lock.
        enforcement_type: WhatsApp's name for why it is locked.
        total_quota: new chats allowed in a cycle; None: no cap.
        used_quota: new chats begun in this cycle.
        cycle_ends: when the cycle ends.
    """

    time_lock_ends: int | None = None
    enforcement_type: str = "DEFAULT"
    total_quota: int | None = None
    used_quota: int = 0
    cycle_ends: int = 0

    @property
    def locked(self) -> bool:
        """Whether the time lock holds now."""
        return self.time_lock_ends is not None and self.time_lock_ends > time.time()

    def refusal(self) -> str | None:
        """Return the code with which a message to a new chat is refused; None if it may go out."""
        if self.locked:
            return TIME_LOCKED
        if self.total_quota is not None and self.used_quota >= self.total_quota:
            return CAPPED
        return None

    def as_dict(self) -> dict[str, object]:
        """Return the limits as a JSON object, as the control API takes them."""
        return {
            "time_lock_ends": self.time_lock_ends,
            "enforcement_type": self.enforcement_type,
            "total_quota": self.total_quota,
            "used_quota": self.used_quota,
            "cycle_ends": self.cycle_ends,
        }

    def for_page(self) -> dict[str, object]:
        """Return what a page is answered: figures are texts, and -1 is no cap, as WhatsApp sends them."""
        capped = self.total_quota is not None
        return {
            "time_lock": {
                "is_active": self.locked,
                "enforcement_type": self.enforcement_type if self.locked else None,
                "time_enforcement_ends": str(self.time_lock_ends) if self.locked else None,
            },
            "cap": {
                "total_quota": str(self.total_quota) if capped else "-1",
                "used_quota": str(self.used_quota),
                "cycle_start_timestamp": "",
                "cycle_end_timestamp": str(self.cycle_ends) if capped else "",
                "server_sent_timestamp": str(int(time.time())),
                "capping_status": "CAPPED" if capped and self.refusal() == CAPPED else "NONE",
            },
        }
