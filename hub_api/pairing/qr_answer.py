"""What a session answers to "give me a QR code". Pure."""

from __future__ import annotations

from enum import Enum

from shared.sessions.view import RECOVERABLE_ERRORS, SessionView
from shared.transitions.session import QrStatus, SessionStatus


class QrAnswer(Enum):
    CODE = "code"  # a valid code is there
    CONNECTED = "connected"  # no code needed
    SYNCING = "syncing"  # scanned; WhatsApp is loading
    FAILED = "failed"  # needs a person
    NONE_YET = "none yet"


def answer(view: SessionView, now_ms: int) -> QrAnswer:
    """The answer as the session stands at `now_ms`, in milliseconds."""
    snapshot = view.snapshot
    if snapshot.status is SessionStatus.ERROR:
        return QrAnswer.NONE_YET if may_start_again(view) else QrAnswer.FAILED
    if not view.owned:
        return QrAnswer.NONE_YET  # what the last owner left behind is no code to scan
    if snapshot.status is SessionStatus.READY:
        return QrAnswer.CONNECTED
    if snapshot.status is SessionStatus.AUTHENTICATED:
        return QrAnswer.SYNCING
    return QrAnswer.CODE if view.has_code(now_ms) else QrAnswer.NONE_YET


def may_start_again(view: SessionView) -> bool:
    """True for an ERROR that nobody is retrying and that a new start can mend."""
    return not view.owned and not view.wanted and view.snapshot.last_error_code in RECOVERABLE_ERRORS


def ran_out(view: SessionView, now_ms: int) -> bool:
    """True where a live session's last code is no longer good, so that a fresh one must be asked for."""
    snapshot = view.snapshot
    if not view.owned or snapshot.status is not SessionStatus.QR_REQUIRED:
        return False
    return snapshot.qr_status is QrStatus.EXPIRED or (bool(snapshot.qr_string) and not view.has_code(now_ms))
