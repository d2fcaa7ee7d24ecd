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

NO_LOGIN: Mapping[str, Any] = {"phone_number": "", "push_name": "", "login_id": ""}
NO_CODE: Mapping[str, Any] = {"qr_status": QrStatus.NONE, "qr_string": "", "qr_expires_at": 0}


def login_of(seen: Observation, before: Snapshot) -> dict[str, Any]:
    """Whose session it is, as the page of a linked device shows it; what it does not show stays."""
    return {
        "phone_number": seen.phone_number or before.phone_number,
        "push_name": seen.push_name or before.push_name,
        "login_id": f"{seen.phone_number}/{seen.pairing_id}" if seen.pairing_id else before.login_id,
    }


def move(turn: SessionTurn, event: SessionEvent, cause: str, *, error: str | None = None, **changes: object) -> None:
    """One step of the state machine. error: a code to show, "" to clear, None to keep unless READY clears it."""
    before = turn.state.snapshot
    status = session_state.step(before.status, event)
    if status is SessionStatus.READY or error == "":
        changes |= {"last_error_code": "", "last_error_message": ""}
    elif error:
        text = error_text(error, turn.state.rules.language)
        changes |= {"last_error_code": error, "last_error_message": text}
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


def write(turn: SessionTurn, transition: do.Transition | None) -> None:
    turn.change(written_at_ms=turn.now.steady_ms)
    turn.do(do.WriteSnapshot(turn.state.snapshot, transition))
