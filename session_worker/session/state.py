"""What the session knows at one moment: one frozen record."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.session.channel import Channel
from shared.protocol.snapshot import Snapshot
from shared.texts import Language
from shared.transitions.session import SessionStatus


@dataclass(frozen=True, slots=True)
class Rules:
    """What does not change while the worker lives."""

    qr_wait_limit_ms: int  # no scan for so long: the browser is closed
    language: Language = "es"  # of texts for people


@dataclass(frozen=True, slots=True)
class State:
    """Times are of the steady clock, in milliseconds: the wall clock may jump."""

    rules: Rules
    snapshot: Snapshot  # as callers see it; written at each change and at each heartbeat
    status_since_ms: int
    browser_run: str = ""  # the run that was launched and not ended; "" for none
    recoveries: int = 0  # in a row, without a code or a steady READY in between
    relaunch_at_ms: int | None = None
    probe_at_ms: int = 0
    unanswered: int = 0  # probes, in a row
    written_at_ms: int = 0
    waiting_since_ms: int | None = None  # for a scan
    progress: int = 0  # of syncing, as the page last showed it
    ended: bool = False

    @property
    def channel(self) -> Channel | None:
        """What may be sent through, or None while the session is not READY."""
        if not self.browser_run or self.snapshot.status is not SessionStatus.READY:
            return None
        return Channel(self.browser_run, self.snapshot.login_id, self.snapshot.phone_number)


def first_state(rules: Rules, previous: Snapshot, wall_ms: int, steady_ms: int) -> State:
    """Before anything is launched. previous: what the last owner wrote.

    Whose session it is stays known while it starts (a page without a login clears it), and how long WhatsApp restricts
    the number outlives a restart.
    """
    snapshot = Snapshot(
        previous.cliente_id,
        since=wall_ms,
        phone_number=previous.phone_number,
        push_name=previous.push_name,
        login_id=previous.login_id,
        restricted_until=previous.restricted_until,
        limited_until=previous.limited_until,
    )
    return State(rules, snapshot, status_since_ms=steady_ms)
