"""What the session knows at one moment: one frozen record."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.port import Observation, ProbeReport
from session_worker.session.channel import Channel
from shared.builds.verdict import Build, Verdict
from shared.protocol.snapshot import Snapshot
from shared.texts import Language
from shared.transitions.session import SessionStatus

FIRST_LOOK_MS = 5_000  # a page that does not say that it is up is looked at all the same


@dataclass(frozen=True, slots=True)
class Rules:
    """What does not change while the worker lives."""

    qr_wait_limit_ms: int  # no scan for so long: the browser is closed
    language: Language = "es"  # of texts for people
    build_check_ms: int = 900_000  # a page that works is looked at this often for what WhatsApp took away
    pinned: bool = False  # a build is pinned (WHATSAPP_WEB_VERSION)
    pin_fallback: bool = False  # where WhatsApp refuses it, the session goes on with the build that is served


@dataclass(frozen=True, slots=True)
class Load:
    """One load of the page: of a browser run the first, or one that the page did by itself."""

    since_ms: int  # when it was asked for
    seen: Observation | None = None  # the last one
    report: ProbeReport | None = None  # the last one
    looked_linked: bool = False  # a report came while its phone's messages could go through it
    verdict: Verdict | None = None  # of the last report and the behaviour since
    recorded: Verdict | None = None  # as it was last told to others
    probe_at_ms: int = 0  # when its names are walked next
    unacknowledged: int = 0  # recipients, one after the other, whose message got no acknowledgement
    silent_messages: int = 0  # that came into the page's database without an event
    held: bool = False  # nothing may be sent through it: the build does not let us


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
    load: Load = Load(0)
    build: Build | None = None  # that a page last said it is
    reloads: tuple[int, ...] = ()  # when the page loaded itself anew, since it last showed a code or was READY
    unready_loads: int = 0  # in a row, of pages that answered and never became full-ready
    holds: int = 0  # loads in a row that were held
    sending_paused: bool = False  # READY, and yet the page makes no keys: shown as the session's error
    pin_refused: bool = False  # since this worker began; the session has gone on with what is served
    owed_logout: str | None = None  # the login that is to be unlinked before anything is sent; "": whichever there is
    ended: bool = False

    @property
    def pinned(self) -> bool:
        """Whether browser runs get the pinned build."""
        return self.rules.pinned and not self.pin_refused

    @property
    def channel(self) -> Channel | None:
        """What may be sent through, or None while the session is not READY."""
        if not self.browser_run or self.snapshot.status is not SessionStatus.READY:
            return None
        return Channel(self.browser_run, self.snapshot.login_id, self.snapshot.phone_number)


def new_load(steady_ms: int) -> Load:
    """The page is being loaded: nothing is known of it."""
    return Load(since_ms=steady_ms, probe_at_ms=steady_ms + FIRST_LOOK_MS)


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
