"""The session's state machine as one pure table.

`step(status, event)` answers every (status, event) pair. Nothing here knows a browser, Redis or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SessionStatus(StrEnum):
    """What callers see."""

    INIT = "INIT"
    QR_REQUIRED = "QR_REQUIRED"
    AUTHENTICATED = "AUTHENTICATED"
    READY = "READY"
    DISCONNECTED = "DISCONNECTED"
    ERROR = "ERROR"


class QrStatus(StrEnum):
    NONE = "none"
    GENERATED = "generated"
    EXPIRED = "expired"
    USED = "used"


class SessionEvent(StrEnum):
    """What can happen to a session."""

    LAUNCHED = "launched"  # a browser is being started
    CODE_SHOWN = "code_shown"  # a code to scan is on the page
    CODE_IDLE = "code_idle"  # WhatsApp stopped rotating codes
    LINKED = "linked"  # a phone scanned the code, or the stored login was accepted; not loaded yet
    OPENED = "opened"  # registered, MAIN and socket CONNECTED, by probe
    CONNECTION_LOST = "connection_lost"  # the page lives but has no connection to WhatsApp
    CONFLICT = "conflict"  # another window took the login over
    LOGGED_OUT = "logged_out"  # the phone removed this device
    BROWSER_LOST = "browser_lost"  # crash, hang or kill of browser or page; a relaunch follows
    STOPPED = "stopped"  # asked to stop, or ended for want of a scan
    FAILED = "failed"  # needs a person


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """What a status means for a caller."""

    connected: bool
    connecting: bool
    can_send: bool
    needs_qr: bool
    is_recoverable: bool  # for ERROR the cause decides instead
    recommended_action: str


FACTS: dict[SessionStatus, StatusFacts] = {
    SessionStatus.INIT: StatusFacts(False, True, False, False, True, "Wait for initialization"),
    SessionStatus.QR_REQUIRED: StatusFacts(False, False, False, True, True, "Scan the QR code"),
    SessionStatus.AUTHENTICATED: StatusFacts(False, True, False, False, True, "Wait for synchronization"),
    SessionStatus.READY: StatusFacts(True, False, True, False, False, "Session operational - can send messages"),
    SessionStatus.DISCONNECTED: StatusFacts(False, False, False, False, True, "Connect the session"),
    SessionStatus.ERROR: StatusFacts(False, False, False, False, False, "See last_error_message"),
}
RECONNECTING_ACTION = "Reconnecting, wait"

_S, _E = SessionStatus, SessionEvent

# Events that mean the same whatever came before: the page's own evidence decides, so no state is a dead end.
_FROM_ANY: dict[SessionEvent, SessionStatus] = {
    _E.LAUNCHED: _S.INIT,
    _E.LOGGED_OUT: _S.INIT,
    _E.BROWSER_LOST: _S.DISCONNECTED,
    _E.STOPPED: _S.DISCONNECTED,
    _E.FAILED: _S.ERROR,
}

# Evidence from a living page. A page speaks only between LAUNCHED and its end: before and after, it is an echo.
_FROM_PAGE: dict[SessionEvent, SessionStatus] = {
    _E.CODE_SHOWN: _S.QR_REQUIRED,
    _E.CODE_IDLE: _S.QR_REQUIRED,
    _E.LINKED: _S.AUTHENTICATED,
    _E.OPENED: _S.READY,
    _E.CONNECTION_LOST: _S.DISCONNECTED,
    _E.CONFLICT: _S.DISCONNECTED,
}

# Where a page's evidence does not move the status as the table above says.
_EXCEPT: dict[tuple[SessionStatus, SessionEvent], SessionStatus] = {
    # Not connected yet is no loss of a connection.
    (_S.INIT, _E.CONNECTION_LOST): _S.INIT,
    (_S.QR_REQUIRED, _E.CONNECTION_LOST): _S.QR_REQUIRED,
    (_S.AUTHENTICATED, _E.CONNECTION_LOST): _S.AUTHENTICATED,
    # ERROR waits for a person or a slow retry (which begins with LAUNCHED): only a page that works again ends it.
    (_S.ERROR, _E.CODE_SHOWN): _S.ERROR,
    (_S.ERROR, _E.CODE_IDLE): _S.ERROR,
    (_S.ERROR, _E.LINKED): _S.ERROR,
    (_S.ERROR, _E.CONNECTION_LOST): _S.ERROR,
    (_S.ERROR, _E.CONFLICT): _S.ERROR,
    # The browser's end is the consequence of the failure, not news.
    (_S.ERROR, _E.BROWSER_LOST): _S.ERROR,
}

TABLE: dict[tuple[SessionStatus, SessionEvent], SessionStatus] = {
    (status, event): _EXCEPT.get((status, event)) or _FROM_ANY.get(event) or _FROM_PAGE[event]
    for status in SessionStatus
    for event in SessionEvent
}


def step(status: SessionStatus, event: SessionEvent) -> SessionStatus:
    """The status after `event` in `status`; total over every pair."""
    return TABLE[status, event]
