"""What an event of its message means for a recipient. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hub_api.campaigns.planning import guard
from hub_api.campaigns.transitions import RecipientAction, RecipientState
from shared.transitions.message import MessageStatus

_A = RecipientAction
_REVOKED = frozenset({"CAMPAIGN_STOPPED", "EXPIRED"})
_ACKNOWLEDGED = {MessageStatus.SENT: _A.SENT, MessageStatus.DELIVERED: _A.DELIVERED, MessageStatus.READ: _A.READ}


@dataclass(frozen=True, slots=True)
class Meaning:
    """action: None where the event says nothing about the recipient. counted: for the guard; "" for nothing."""

    action: RecipientAction | None
    counted: str = ""


def meaning(state: RecipientState, status: MessageStatus, code: str, *, accepted: bool) -> Meaning:
    """What `status` means to a recipient in `state`; the table of transitions still decides whether it moves.

    code: the event's error, "" for none. accepted: the event tells that a campaign's release was accepted.
    """
    counts = state is RecipientState.RELEASED
    if status is MessageStatus.QUEUED:
        if state is RecipientState.UNCERTAIN:
            return Meaning(_A.REQUEUE)
        return Meaning(_A.RELEASE if accepted else None)
    if status in _ACKNOWLEDGED:
        return Meaning(_ACKNOWLEDGED[status], guard.FINE if counts else "")
    counted = guard.outcome(status, code) if counts else ""
    if status is MessageStatus.FAILED:
        return Meaning(_A.DROP if code == "RECIPIENT_OPTED_OUT" else _A.FAIL, counted)
    if status is MessageStatus.UNCERTAIN:
        return Meaning(_A.DOUBT, counted)
    if status in (MessageStatus.CANCELLED, MessageStatus.EXPIRED):
        return Meaning(_A.REVOKE if code in _REVOKED else _A.DROP)
    return Meaning(None)
