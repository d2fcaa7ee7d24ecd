"""A round of the tick as it is decided, and what a message's event means for its recipient: pure."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_api.campaigns.planning import guard
from hub_api.campaigns.planning.hours import Schedule
from hub_api.campaigns.planning.plan import Campaign, Counters, Release
from hub_api.campaigns.planning.recipient import meaning
from hub_api.campaigns.planning.round import (
    Due,
    NextRecipient,
    RunningCampaign,
    TenantCounters,
    choose,
    due_campaigns,
    is_final,
)
from hub_api.campaigns.transitions import (
    OUT,
    CampaignState,
    RecipientAction,
    RecipientState,
    ScheduleState,
    recipient_after,
)
from shared.transitions.message import MessageStatus

NOW = 1_763_640_000_000
ALWAYS = Schedule("UTC", frozenset(range(7)), 0, 1_440)
PLANNED = Campaign(CampaignState.EN_PROGRESO, ScheduleState.APROBADA, ALWAYS)
RUNNING = RunningCampaign(1, "c1", 51, '["x"]', "[]", PLANNED, held=False)
FREE = TenantCounters(Counters(ready=True, in_flight=False, next_at_ms=0, used_today=0), restricted=False)
RELEASE = Release(NOW + 1, 0, 20_251_120, None)
SOMEBODY = NextRecipient(7, "5491123456789", 0, "Hola", not_on_whatsapp=False)


def _due(*running: RunningCampaign, counters: TenantCounters = FREE) -> list[int]:
    tenants = {one.cliente_id: counters for one in running}
    return [one.campaign.key for one in due_campaigns(running, tenants, NOW, random.Random(0))]


def test_one_campaign_of_a_tenant_at_a_time_the_first_in_turn():
    others = replace(RUNNING, key=2), replace(RUNNING, key=3, cliente_id=52)
    assert _due(RUNNING, *others) == [1, 3]
    paused = replace(RUNNING, planned=replace(PLANNED, schedule_state=ScheduleState.PAUSADA))
    assert _due(paused, *others) == [2, 3]


def test_not_while_the_guard_holds_or_whatsapp_restricts_or_the_planner_waits():
    assert _due(replace(RUNNING, held=True)) == []
    assert _due(RUNNING, counters=replace(FREE, restricted=True)) == []
    assert _due(RUNNING, counters=replace(FREE, shared=replace(FREE.shared, in_flight=True))) == []


@pytest.mark.parametrize(
    ("recipient", "opted_out", "code"),
    [
        (SOMEBODY, set(), None),
        (SOMEBODY, {(52, SOMEBODY.number)}, None),  # of another tenant
        (SOMEBODY, {(51, SOMEBODY.number)}, "RECIPIENT_OPTED_OUT"),
        (replace(SOMEBODY, not_on_whatsapp=True), {(51, SOMEBODY.number)}, "RECIPIENT_OPTED_OUT"),
        (replace(SOMEBODY, not_on_whatsapp=True), set(), "NOT_ON_WHATSAPP"),
        (replace(SOMEBODY, text=None), set(), "EMPTY_VARIABLE"),
        (replace(SOMEBODY, text=None, not_on_whatsapp=True), set(), "NOT_ON_WHATSAPP"),
    ],
)
def test_who_is_written_to_and_who_is_skipped(
    recipient: NextRecipient, opted_out: set[tuple[int, str]], code: str | None
):
    due = Due(RUNNING, RELEASE)
    found = choose([due], {1: recipient}, opted_out)
    assert [one.text for one in found.chosen] == ([] if code else ["Hola"])
    assert found.skipped == ({recipient.key: code} if code else {})
    assert found.again == ((due,) if code else ())  # it looks for the next one at once


def test_a_campaign_without_anybody_is_left_alone():
    found = choose([Due(RUNNING, RELEASE)], {}, set())
    assert (found.chosen, found.skipped, found.again) == ((), {}, ())


def test_which_refusals_hold_for_the_recipient():
    assert is_final("RECIPIENT_OPTED_OUT")
    assert is_final("INVALID_TO")
    assert not any(map(is_final, ("CAMPAIGN_WAITS", "CAMPAIGN_STOPPED", "QUEUE_FULL", "RATE_LIMITED")))


def _step(state: RecipientState, status: MessageStatus, code: str, accepted: bool) -> tuple[RecipientState, str]:
    meant = meaning(state, status, code, accepted=accepted)
    after = None if meant.action is None else recipient_after(state, meant.action)
    return state if after is None else after, meant.counted


_R = RecipientState
EVENTS = st.tuples(
    st.sampled_from(MessageStatus),
    st.sampled_from(["", "CAMPAIGN_STOPPED", "EXPIRED", "RECIPIENT_OPTED_OUT", "ENGINE_FAILED", "CANCELLED_BY_USER"]),
    st.booleans(),
)


@given(st.lists(EVENTS, max_size=12))
def test_what_whatsapp_said_is_never_taken_back(events: list[tuple[MessageStatus, str, bool]]):
    state, furthest = _R.PENDING, -1
    for status, code, accepted in events:
        state, _ = _step(state, status, code, accepted)
        if furthest >= 0:
            assert state in OUT
            assert OUT.index(state) >= furthest
        furthest = OUT.index(state) if state in OUT else furthest


@pytest.mark.parametrize(
    ("before", "status", "code", "accepted", "after", "counted"),
    [
        (_R.PENDING, "queued", "", True, _R.RELEASED, ""),
        (_R.PENDING, "queued", "", False, _R.PENDING, ""),
        (_R.UNCERTAIN, "queued", "", False, _R.RELEASED, ""),  # a person has it sent again
        (_R.UNCERTAIN, "queued", "", True, _R.RELEASED, ""),
        (_R.RELEASED, "sending", "", False, _R.RELEASED, ""),
        (_R.RELEASED, "sent", "", False, _R.SENT, guard.FINE),
        (_R.SENT, "delivered", "", False, _R.DELIVERED, ""),
        (_R.READ, "sent", "", False, _R.READ, ""),
        (_R.FAILED, "read", "", False, _R.READ, ""),
        (_R.PENDING, "sent", "", False, _R.SENT, ""),  # a person has put it back meanwhile
        (_R.RELEASED, "failed", "NOT_ON_WHATSAPP", False, _R.FAILED, guard.FAILED),
        (_R.RELEASED, "failed", "REFUSED_BY_WHATSAPP", False, _R.FAILED, guard.REFUSED),
        (_R.RELEASED, "failed", "RECIPIENT_OPTED_OUT", False, _R.SKIPPED, ""),
        (_R.PENDING, "failed", "ENGINE_FAILED", False, _R.PENDING, ""),
        (_R.RELEASED, "uncertain", "OUTCOME_UNKNOWN", False, _R.UNCERTAIN, guard.FAILED),
        (_R.RELEASED, "cancelled", "CAMPAIGN_STOPPED", False, _R.PENDING, ""),
        (_R.RELEASED, "expired", "EXPIRED", False, _R.PENDING, ""),
        (_R.RELEASED, "cancelled", "", False, _R.SKIPPED, ""),
        (_R.PENDING, "cancelled", "", False, _R.PENDING, ""),
    ],
)
def test_what_an_event_means(
    before: RecipientState, status: str, code: str, accepted: bool, after: RecipientState, counted: str
):
    assert _step(before, MessageStatus(status), code, accepted) == (after, counted)


def test_only_what_was_released_counts_for_the_guard():
    for state, status in product(RecipientState, MessageStatus):
        counted = meaning(state, status, "ENGINE_FAILED", accepted=False).counted
        assert not counted or state is _R.RELEASED


def test_an_event_leads_to_actions_of_the_table_only():
    seen = {
        meaning(state, status, code, accepted=accepted).action
        for state, status, code, accepted in product(
            RecipientState, MessageStatus, ("", "CAMPAIGN_STOPPED", "RECIPIENT_OPTED_OUT"), (True, False)
        )
    }
    by_events = set(RecipientAction) - {RecipientAction.SKIP, RecipientAction.LOSE, RecipientAction.PUT_BACK}
    assert seen - {None} == by_events
