"""What an observation of the page means for the session: the one place that says so. Pure.

READY, and which stream mode is which error, stand here and nowhere else; the engine tells modes as the page has them.
"""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.port import Observation, StreamMode
from shared.transitions.session import SessionEvent

_BLOCKED: dict[StreamMode, str] = {
    StreamMode.TOS_BLOCK: "ACCOUNT_BANNED",
    StreamMode.SMB_TOS_BLOCK: "ACCOUNT_BANNED",
    StreamMode.PROXYBLOCK: "PROXY_BLOCKED",
}
_WAITING_SOCKETS = frozenset({"OPENING", "TIMEOUT", "UNLAUNCHED", "RESUMING", "PROXYBLOCK"})


@dataclass(frozen=True, slots=True)
class Reading:
    """event: what happened, as far as one look can tell. code: why, for FAILED and CONFLICT."""

    event: SessionEvent
    code: str = ""


def read(seen: Observation) -> Reading | None:
    """The event an observation stands for; None where the page is still on its way and says nothing yet.

    READY needs all three of registered, MAIN and CONNECTED: `main_ready` alone is true at the QR screen too.
    """
    if seen.problem:
        return Reading(SessionEvent.FAILED, seen.problem)
    if seen.mode in _BLOCKED:
        return Reading(SessionEvent.FAILED, _BLOCKED[seen.mode])
    if seen.mode is StreamMode.CONFLICT or seen.socket == "CONFLICT":
        return Reading(SessionEvent.CONFLICT, "TAKEN_OVER")
    if not seen.loaded:
        # A code is good as soon as it is there; wa-js calls itself loaded half a second later.
        return Reading(SessionEvent.CODE_SHOWN) if seen.code and not seen.registered else None
    return _read_registered(seen) if seen.registered else _read_unregistered(seen)


def _read_unregistered(seen: Observation) -> Reading | None:
    if seen.socket == "UNPAIRED_IDLE":
        return Reading(SessionEvent.CODE_IDLE)
    return Reading(SessionEvent.CODE_SHOWN) if seen.code else None


def _read_registered(seen: Observation) -> Reading:
    if seen.mode is StreamMode.MAIN and seen.socket == "CONNECTED" and seen.online:
        return Reading(SessionEvent.OPENED)
    if seen.mode is StreamMode.OFFLINE or seen.socket in _WAITING_SOCKETS or not seen.online:
        return Reading(SessionEvent.CONNECTION_LOST)
    return Reading(SessionEvent.LINKED)
