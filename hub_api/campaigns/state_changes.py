"""The only writer of states in SQL: every change goes by the tables of `transitions`, one row or many at a time."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, CursorResult, update
from sqlalchemy.orm import Session

from hub_api.campaigns.models import CampaignRecord, RecipientRecord, ScheduleRecord
from hub_api.campaigns.transitions import (
    CAMPAIGN,
    RECIPIENT,
    CampaignAction,
    CampaignState,
    RecipientAction,
    RecipientState,
    ScheduleAction,
    ScheduleState,
    campaign_after,
    recipient_after,
    schedule_after,
)
from shared.errors import InvalidState

State = TypeVar("State", bound=StrEnum)


def move_campaign(row: CampaignRecord, action: CampaignAction) -> CampaignState:
    """Moves a locked row on and returns its new state. Raises InvalidState."""
    return _move(row, campaign_after(CampaignState(row.state), action), action)


def move_schedule(row: ScheduleRecord, action: ScheduleAction) -> ScheduleState:
    """Moves a locked row on and returns its new state. Raises InvalidState."""
    return _move(row, schedule_after(ScheduleState(row.state), action), action)


def move_recipient(row: RecipientRecord, action: RecipientAction) -> bool:
    """Moves a row on; False where the action changes nothing in its state."""
    after = recipient_after(RecipientState(row.state), action)
    if after is None:
        return False
    row.state = int(after)
    return True


def move_campaigns(session: Session, action: CampaignAction, which: ColumnElement[bool], **values: Any) -> int:
    """Moves all those of `which` in whose state the action is allowed; returns how many. values: further columns."""
    transition = CAMPAIGN[action]
    statement = update(CampaignRecord).where(
        which, CampaignRecord.state.in_(sorted(state.value for state in transition.before))
    )
    return _rows(session.execute(statement.values(state=transition.after.value, **values)))


def move_recipients(session: Session, action: RecipientAction, which: ColumnElement[bool], **values: Any) -> int:
    """Moves all those of `which` in whose state the action is allowed; returns how many. values: further columns."""
    transition = RECIPIENT[action]
    statement = update(RecipientRecord).where(
        which, RecipientRecord.state.in_(sorted(state.value for state in transition.before))
    )
    return _rows(session.execute(statement.values(state=int(transition.after), **values)))


def _move(row: CampaignRecord | ScheduleRecord, after: State | None, action: StrEnum) -> State:
    if after is None:
        raise InvalidState(details={"state": row.state, "action": action.value})
    row.state = after.value
    return after


def _rows(result: object) -> int:
    return cast("CursorResult[Any]", result).rowcount
