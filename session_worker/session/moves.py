"""One step of a session's state machine, and the snapshot in which callers see it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from session_worker.engine.port import Observation
from session_worker.session import actions as do
from session_worker.session.state import State
from session_worker.turn import Turn
from shared.protocol.snapshot import Snapshot
from shared.texts import error_text
from shared.transitions import session as session_state
from shared.transitions.session import QrStatus, SessionEvent, SessionStatus

SessionTurn = Turn[State, do.Action]

PAUSED = "SENDING_PAUSED"
NO_LOGIN: Mapping[str, Any] = {"phone_number": "", "push_name": "", "login_id": ""}
NO_CODE: Mapping[str, Any] = {"qr_status": QrStatus.NONE, "qr_string": "", "qr_expires_at": 0}


def login_of(seen: Observation, before: Snapshot) -> dict[str, Any]:
    """Whose session it is, as the page of a linked device shows it; of the same pairing, what it does not show stays.

    Of another pairing nothing stays: an earlier phone's number would have its messages leave through this one.
    """
    same = not seen.pairing_id or before.login_id.endswith(f"/{seen.pairing_id}")
    phone_number = seen.phone_number or (before.phone_number if same else "")
    return {
        "phone_number": phone_number,
        "push_name": seen.push_name or (before.push_name if same else ""),
        "login_id": f"{phone_number}/{seen.pairing_id}" if seen.pairing_id else before.login_id,
    }


def move(turn: SessionTurn, event: SessionEvent, cause: str, *, error: str | None = None, **changes: object) -> None:
    """One step of the state machine. error: a code to show, "" to clear, None to keep unless READY clears it."""
    before = turn.state.snapshot
    status = session_state.step(before.status, event)
    if status is SessionStatus.READY or error == "":
        changes |= _shown(turn, PAUSED if turn.state.sending_paused and status is SessionStatus.READY else "")
    elif error:
        changes |= _shown(turn, error)
    moved = status is not before.status
    if moved:
        changes |= {"status": status, "since": turn.now.wall_ms}
    after = replace(before, **changes)  # type: ignore[arg-type]
    if after == before:
        return
    turn.change(snapshot=after)
    if moved:
        turn.change(status_since_ms=turn.now.steady_ms)
        turn.info("session.moved", status=status.value, before=before.status.value, cause=cause)
    write(turn, do.Transition(before.status, status, event, cause) if moved else None)


def show_pause(turn: SessionTurn) -> None:
    """READY says that the page is connected; whether messages can leave through it, sending finds out."""
    before = turn.state.snapshot
    if before.status is SessionStatus.READY:
        turn.change(snapshot=replace(before, **_shown(turn, PAUSED if turn.state.sending_paused else "")))
        write(turn, None)


def _shown(turn: SessionTurn, code: str) -> dict[str, Any]:
    text = error_text(code, turn.state.rules.language) if code else ""
    return {"last_error_code": code, "last_error_message": text}


def write(turn: SessionTurn, transition: do.Transition | None) -> None:
    turn.change(written_at_ms=turn.now.steady_ms)
    turn.do(do.WriteSnapshot(turn.state.snapshot, transition))
