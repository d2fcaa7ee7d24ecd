"""The states of campaigns, schedules and recipients, and which may follow which. Pure; wire values are users' own."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class CampaignState(StrEnum):
    PENDIENTE = "pendiente"  # being prepared
    EN_PROGRESO = "en_progreso"
    FINALIZADO = "finalizado"  # every recipient is settled
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
    RELEASED = 1  # its message is accepted and not settled
    SENT = 2
    DELIVERED = 3
    READ = 4
    FAILED = 5  # certain that nothing went out
    UNCERTAIN = 6  # WhatsApp could not be asked
    SKIPPED = 7  # never released: opted out, not on WhatsApp, or taken out by a person

    @property
    def wire(self) -> str:
        """The value callers see."""
        return self.name.lower()


OUT = (RecipientState.SENT, RecipientState.DELIVERED, RecipientState.READ)
UNSETTLED = (RecipientState.PENDING, RecipientState.RELEASED)

_C = CampaignState
CAMPAIGN_ACTIONS: dict[str, tuple[frozenset[CampaignState], CampaignState]] = {
    "start": (frozenset({_C.PENDIENTE}), _C.EN_PROGRESO),
    "pause": (frozenset({_C.EN_PROGRESO}), _C.PAUSADA),
    "resume": (frozenset({_C.PAUSADA}), _C.EN_PROGRESO),
    "cancel": (frozenset({_C.PENDIENTE, _C.EN_PROGRESO, _C.PAUSADA}), _C.CANCELADA),
    "finish": (frozenset({_C.EN_PROGRESO}), _C.FINALIZADO),
    "put_back": (frozenset({_C.FINALIZADO}), _C.PENDIENTE),
}

_S = ScheduleState
SCHEDULE_ACTIONS: dict[str, tuple[frozenset[ScheduleState], ScheduleState]] = {
    "approve": (frozenset({_S.PENDIENTE, _S.RECHAZADA, _S.PAUSADA}), _S.APROBADA),
    "reject": (frozenset({_S.PENDIENTE, _S.APROBADA, _S.PAUSADA}), _S.RECHAZADA),
    "pause": (frozenset({_S.APROBADA}), _S.PAUSADA),
    "edit": (frozenset(_S), _S.PENDIENTE),
}


def campaign_after(state: CampaignState, action: str) -> CampaignState | None:
    """The state after an action; None where the action is not allowed in `state`."""
    allowed, after = CAMPAIGN_ACTIONS[action]
    return after if state in allowed else None


def schedule_after(state: ScheduleState, action: str) -> ScheduleState | None:
    """The state after an action; None where the action is not allowed in `state`."""
    allowed, after = SCHEDULE_ACTIONS[action]
    return after if state in allowed else None
