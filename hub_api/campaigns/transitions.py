"""The states of campaigns, schedules and recipients, and which action leads from where to where. Pure.

These tables are the only authority: `state_changes` writes by them, in single rows as in SQL updates. The campaigns'
and schedules' values are the words that agencies use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Generic, TypeVar

State = TypeVar("State", "CampaignState", "ScheduleState", "RecipientState")


class CampaignState(StrEnum):
    PENDIENTE = "pendiente"  # being prepared
    EN_PROGRESO = "en_progreso"
    FINALIZADO = "finalizado"  # every recipient has a final state
    PAUSADA = "pausada"
    CANCELADA = "cancelada"


class ScheduleState(StrEnum):
    PENDIENTE = "pendiente"  # waits for an admin
    APROBADA = "aprobada"
    RECHAZADA = "rechazada"
    PAUSADA = "pausada"


class RecipientState(IntEnum):
    """Kept as a number: a campaign may have a million of them. Callers see `wire`."""

    PENDING = 0
    RELEASED = 1  # its message is accepted and has no final state yet
    SENT = 2
    DELIVERED = 3
    READ = 4
    FAILED = 5  # certain that nothing went out
    UNCERTAIN = 6  # WhatsApp could not be asked
    SKIPPED = 7  # nobody writes to it: opted out, not on WhatsApp, or taken out by a person

    @property
    def wire(self) -> str:
        """The value callers see."""
        return self.name.lower()


class CampaignAction(StrEnum):
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    FINISH = "finish"  # nobody is left
    PUT_BACK = "put_back"  # recipients of a finished one are to be written to again
    HOLD = "hold"  # by the guard
    LIFT = "lift"  # a person lifts the guard's hold


class ScheduleAction(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    PAUSE = "pause"
    EDIT = "edit"


class RecipientAction(StrEnum):
    RELEASE = "release"  # its message is accepted
    REQUEUE = "requeue"  # a person lets an uncertain message be sent again
    SENT = "sent"  # WhatsApp's word; it corrects what was only inferred, and never goes back
    DELIVERED = "delivered"
    READ = "read"
    FAIL = "fail"
    DOUBT = "doubt"  # nobody can say whether its message went out
    LOSE = "lose"  # Redis came back empty: its message may be on its way, recorded or not
    REVOKE = "revoke"  # its message is certain not to leave, and it is to be written to later
    SKIP = "skip"  # before any release
    DROP = "drop"  # after its release: opted out since, or cancelled by a person
    PUT_BACK = "put_back"


@dataclass(frozen=True, slots=True)
class Transition(Generic[State]):
    """An action is allowed in the states of `before` and leads to `after`."""

    before: frozenset[State]
    after: State


def _of(before: Iterable[State], after: State) -> Transition[State]:
    return Transition(frozenset(before), after)


_C = CampaignState
CAMPAIGN: dict[CampaignAction, Transition[CampaignState]] = {
    CampaignAction.START: _of({_C.PENDIENTE}, _C.EN_PROGRESO),
    CampaignAction.PAUSE: _of({_C.EN_PROGRESO}, _C.PAUSADA),
    CampaignAction.RESUME: _of({_C.PAUSADA}, _C.EN_PROGRESO),
    CampaignAction.CANCEL: _of({_C.PENDIENTE, _C.EN_PROGRESO, _C.PAUSADA}, _C.CANCELADA),
    CampaignAction.FINISH: _of({_C.EN_PROGRESO}, _C.FINALIZADO),
    CampaignAction.PUT_BACK: _of({_C.FINALIZADO}, _C.PENDIENTE),
    CampaignAction.HOLD: _of({_C.EN_PROGRESO}, _C.PAUSADA),
    CampaignAction.LIFT: _of({_C.PAUSADA}, _C.EN_PROGRESO),
}

_S = ScheduleState
SCHEDULE: dict[ScheduleAction, Transition[ScheduleState]] = {
    ScheduleAction.APPROVE: _of({_S.PENDIENTE, _S.RECHAZADA, _S.PAUSADA}, _S.APROBADA),
    ScheduleAction.REJECT: _of({_S.PENDIENTE, _S.APROBADA, _S.PAUSADA}, _S.RECHAZADA),
    ScheduleAction.PAUSE: _of({_S.APROBADA}, _S.PAUSADA),
    ScheduleAction.EDIT: _of(_S, _S.PENDIENTE),
}

_R = RecipientState
_ALL = frozenset(RecipientState)
RECIPIENT: dict[RecipientAction, Transition[RecipientState]] = {
    RecipientAction.RELEASE: _of({_R.PENDING}, _R.RELEASED),
    RecipientAction.REQUEUE: _of({_R.UNCERTAIN}, _R.RELEASED),
    RecipientAction.SENT: _of(_ALL - {_R.SENT, _R.DELIVERED, _R.READ}, _R.SENT),
    RecipientAction.DELIVERED: _of(_ALL - {_R.DELIVERED, _R.READ}, _R.DELIVERED),
    RecipientAction.READ: _of(_ALL - {_R.READ}, _R.READ),
    RecipientAction.FAIL: _of({_R.RELEASED}, _R.FAILED),
    RecipientAction.DOUBT: _of({_R.RELEASED}, _R.UNCERTAIN),
    RecipientAction.LOSE: _of({_R.PENDING, _R.RELEASED}, _R.UNCERTAIN),
    RecipientAction.REVOKE: _of({_R.RELEASED}, _R.PENDING),
    RecipientAction.SKIP: _of({_R.PENDING}, _R.SKIPPED),
    RecipientAction.DROP: _of({_R.RELEASED}, _R.SKIPPED),
    RecipientAction.PUT_BACK: _of({_R.FAILED}, _R.PENDING),
}

OUT = (RecipientState.SENT, RecipientState.DELIVERED, RecipientState.READ)
EDITABLE = frozenset({CampaignState.PENDIENTE, CampaignState.PAUSADA})  # texts and list may change
ENDED = frozenset({CampaignState.FINALIZADO, CampaignState.CANCELADA})
PUT_BACK_IN = frozenset(CampaignState) - {CampaignState.CANCELADA}  # failed recipients may go back to pending


def campaign_after(state: CampaignState, action: CampaignAction) -> CampaignState | None:
    """The state after an action; None where the action is not allowed in `state`."""
    return _after(CAMPAIGN[action], state)


def schedule_after(state: ScheduleState, action: ScheduleAction) -> ScheduleState | None:
    """The state after an action; None where the action is not allowed in `state`."""
    return _after(SCHEDULE[action], state)


def recipient_after(state: RecipientState, action: RecipientAction) -> RecipientState | None:
    """The state after an action; None where the action changes nothing in `state`."""
    return _after(RECIPIENT[action], state)


def _after(transition: Transition[State], state: State) -> State | None:
    return transition.after if state in transition.before else None
