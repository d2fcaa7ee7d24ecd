"""No state is written but by the tables: every pair of state and action, one row and many, and nobody beside them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from hub_api.campaigns import state_changes
from hub_api.campaigns.models import CampaignRecord, RecipientRecord, ScheduleRecord
from hub_api.campaigns.transitions import (
    CampaignAction,
    CampaignState,
    RecipientAction,
    RecipientState,
    ScheduleAction,
    ScheduleState,
)
from shared.errors import InvalidState

_C, _S, _R = CampaignState, ScheduleState, RecipientState
# The rules once more in their plainest words, written apart from the code: what may become what, and by which actions.
CAMPAIGNS = {
    (_C.PENDIENTE, _C.EN_PROGRESO): {"start"},
    (_C.PENDIENTE, _C.CANCELADA): {"cancel"},
    (_C.EN_PROGRESO, _C.PAUSADA): {"pause", "hold"},
    (_C.EN_PROGRESO, _C.CANCELADA): {"cancel"},
    (_C.EN_PROGRESO, _C.FINALIZADO): {"finish"},
    (_C.PAUSADA, _C.EN_PROGRESO): {"resume", "lift"},
    (_C.PAUSADA, _C.CANCELADA): {"cancel"},
    (_C.FINALIZADO, _C.PENDIENTE): {"put_back"},
}
SCHEDULES = {
    **{(state, _S.PENDIENTE): {"edit"} for state in _S},
    **{(state, _S.APROBADA): {"approve"} for state in (_S.PENDIENTE, _S.RECHAZADA, _S.PAUSADA)},
    **{(state, _S.RECHAZADA): {"reject"} for state in (_S.PENDIENTE, _S.APROBADA, _S.PAUSADA)},
    (_S.APROBADA, _S.PAUSADA): {"pause"},
}
RECIPIENTS = {
    (_R.PENDING, _R.RELEASED): {"release"},
    (_R.PENDING, _R.SKIPPED): {"skip"},
    (_R.PENDING, _R.UNCERTAIN): {"lose"},
    (_R.RELEASED, _R.PENDING): {"revoke"},
    (_R.RELEASED, _R.FAILED): {"fail"},
    (_R.RELEASED, _R.UNCERTAIN): {"doubt", "lose"},
    (_R.RELEASED, _R.SKIPPED): {"drop"},
    (_R.UNCERTAIN, _R.RELEASED): {"requeue"},
    (_R.FAILED, _R.PENDING): {"put_back"},
    # WhatsApp's word corrects everything, and never goes back.
    **{(state, _R.SENT): {"sent"} for state in (_R.PENDING, _R.RELEASED, _R.FAILED, _R.UNCERTAIN, _R.SKIPPED)},
    **{(state, _R.DELIVERED): {"delivered"} for state in _R if state not in (_R.DELIVERED, _R.READ)},
    **{(state, _R.READ): {"read"} for state in _R if state is not _R.READ},
}


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    CampaignRecord.metadata.create_all(engine)
    with Session(engine) as made:
        yield made
    engine.dispose()


def _campaign(state: CampaignState) -> CampaignRecord:
    return CampaignRecord(
        campaign_id="c", cliente_id=51, name="x", templates="[]", columns="[]", state=state.value,
        created_at=0, created_by="x",
    )  # fmt: skip


def _recipient(state: RecipientState) -> RecipientRecord:
    return RecipientRecord(campaign=1, position=1, number="1", values="{}", state=int(state), turn=0)


@pytest.mark.parametrize(("before", "action"), list(product(CampaignState, CampaignAction)))
def test_a_campaign_moves_as_written(session: Session, before: CampaignState, action: CampaignAction):
    allowed = {after for (state, after), actions in CAMPAIGNS.items() if state is before and action.value in actions}
    row = _campaign(before)
    try:
        after = {state_changes.move_campaign(row, action)}
    except InvalidState:
        after = set()
    assert (after, {row.state}) == (allowed, allowed or {before})

    session.add(_campaign(before))
    session.flush()
    count = len(state_changes.move_campaigns(session, action, CampaignRecord.cliente_id == 51, reason="x"))
    stored, reason = session.execute(select(CampaignRecord.state, CampaignRecord.reason)).one()
    assert (count, {stored}, reason) == (len(allowed), allowed or {before}, "x" if allowed else None)


@pytest.mark.parametrize(("before", "action"), list(product(RecipientState, RecipientAction)))
def test_a_recipient_moves_as_written(session: Session, before: RecipientState, action: RecipientAction):
    allowed = {after for (state, after), actions in RECIPIENTS.items() if state is before and action.value in actions}
    row = _recipient(before)
    assert state_changes.move_recipient(row, action) is bool(allowed)
    assert {row.state} == (allowed or {before})

    session.add(_campaign(CampaignState.EN_PROGRESO))
    session.add(_recipient(before))
    session.flush()
    count = state_changes.move_recipients(session, action, RecipientRecord.campaign == 1, error="x")
    stored, error = session.execute(select(RecipientRecord.state, RecipientRecord.error)).one()
    assert (count, {stored}, error) == (len(allowed), allowed or {before}, "x" if allowed else None)


@pytest.mark.parametrize(("before", "action"), list(product(ScheduleState, ScheduleAction)))
def test_a_schedule_moves_as_written(before: ScheduleState, action: ScheduleAction):
    allowed = {after for (state, after), actions in SCHEDULES.items() if state is before and action.value in actions}
    row = ScheduleRecord(state=before.value)
    try:
        after = {state_changes.move_schedule(row, action)}
    except InvalidState:
        after = set()
    assert (after, {row.state}) == (allowed, allowed or {before})


@pytest.mark.parametrize("rules", [CAMPAIGNS, SCHEDULES, RECIPIENTS])
def test_every_action_leads_somewhere(rules: dict[Any, set[str]]):
    actions = {CampaignState: CampaignAction, ScheduleState: ScheduleAction, RecipientState: RecipientAction}
    [kind] = {type(before) for before, _ in rules}
    assert set().union(*rules.values()) == {action.value for action in actions[kind]}


HERE = Path(state_changes.__file__).parent


def _writes_a_state(source: str) -> bool:
    """Whether a source assigns to an attribute `state`, updates such a column, or spells it in SQL."""
    return any(_writes(node) for node in ast.walk(ast.parse(source)))


def _writes(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="state", ctx=ast.Store()):
            return True
        case ast.Call(func=ast.Attribute(attr="values" | "update"), args=given, keywords=named):
            dicts = [key for one in given if isinstance(one, ast.Dict) for key in one.keys]
            return any(keyword.arg == "state" for keyword in named) or any(map(_is_state, dicts))
        case ast.Call(func=ast.Name(id="setattr"), args=[_, name, *_]):
            return _is_state(name)
        case ast.Constant(value=str(text)):
            words = text.lower().replace(",", " ").replace("=", " ").split()
            return {"update", "set", "state"} <= set(words)
    return False


def _is_state(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value == "state"


def test_nobody_writes_a_state_beside_the_tables():
    writers = {path.name for path in HERE.rglob("*.py") if _writes_a_state(path.read_text("utf-8"))}
    assert writers == {"state_changes.py"}


@pytest.mark.parametrize(
    "source",
    [
        "row.state = 'x'",
        "row.state, row.reason = after, None",
        "update(X).values(state=1)",
        "query.update({'state': 1})",
        "setattr(row, 'state', 1)",
        "text('UPDATE campaigns SET state = 1')",
    ],
)
def test_the_test_sees_such_a_write(source: str):
    assert _writes_a_state(source)
