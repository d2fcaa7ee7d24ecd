"""The only writer of states in SQL: every change goes by the tables of `transitions`, one row or many at a time."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from hub_api.campaigns import counting
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
_AT_ONCE = 2_000  # rows


def move_campaign(row: CampaignRecord, action: CampaignAction) -> CampaignState:
    """Moves a locked row on and returns its new state. Raises InvalidState."""
    return _move(row, campaign_after(CampaignState(row.state), action), action)


def move_schedule(row: ScheduleRecord, action: ScheduleAction) -> ScheduleState:
    """Moves a locked row on and returns its new state. Raises InvalidState."""
    return _move(row, schedule_after(ScheduleState(row.state), action), action)


def move_recipient(row: RecipientRecord, action: RecipientAction) -> bool:
    """Moves a row on; False where the action changes nothing in its state. Counting it is the caller's."""
    after = recipient_after(RecipientState(row.state), action)
    if after is None:
        return False
    row.state = int(after)
    return True


def move_campaigns(
    session: Session, action: CampaignAction, which: ColumnElement[bool], **values: Any
) -> list[CampaignRecord]:
    """Moves all those of `which` in whose state the action is allowed, and returns them. values: further columns."""
    allowed = CampaignRecord.state.in_(sorted(state.value for state in CAMPAIGN[action].before))
    rows = list(session.scalars(select(CampaignRecord).where(which, allowed).with_for_update()))
    for row in rows:
        move_campaign(row, action)
        for name, value in values.items():
            setattr(row, name, value)
    return rows


def move_recipients(session: Session, action: RecipientAction, which: ColumnElement[bool], **values: Any) -> int:
    """Moves all those of `which` in whose state the action is allowed, and counts them; returns how many.

    values: further columns.
    """
    transition, after = RECIPIENT[action], int(RECIPIENT[action].after)
    allowed = RecipientRecord.state.in_(sorted(int(state) for state in transition.before))
    columns = RecipientRecord.id, RecipientRecord.campaign, RecipientRecord.state, RecipientRecord.error
    moved: Counter[counting.Place] = Counter()
    by_index = RecipientRecord.campaign, RecipientRecord.state, RecipientRecord.position
    chunk = select(*columns).where(which, allowed).order_by(*by_index).limit(_AT_ONCE)
    total = 0
    # Locked before they are counted, so that nobody moves one in between. No action leads back to where it is allowed.
    while rows := session.execute(chunk.with_for_update()).all():
        for _, campaign, state, error in rows:
            moved[campaign, state, error or ""] -= 1
            moved[campaign, after, values.get("error", error) or ""] += 1
        chosen = RecipientRecord.id.in_([row.id for row in rows])
        session.execute(update(RecipientRecord).where(chosen).values(state=after, **values))
        total += len(rows)
    counting.move(session, moved)
    return total


def _move(row: CampaignRecord | ScheduleRecord, after: State | None, action: StrEnum) -> State:
    if after is None:
        raise InvalidState(details={"state": row.state, "action": action.value})
    row.state = after.value
    return after


def _rows(result: object) -> int:
    return cast("CursorResult[Any]", result).rowcount
