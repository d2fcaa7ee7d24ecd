"""The planner: whether a campaign may release its next message now. Pure; takes `now` and `rng`, does nothing."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from hub_api.campaigns.planning import hours
from hub_api.campaigns.planning.hours import Schedule
from hub_api.campaigns.transitions import CampaignState, ScheduleState


class Why(StrEnum):
    """Why nothing is released. Machines and people read it in the campaign's `waiting_for`."""

    NOT_RUNNING = "not_running"  # by its own state
    SWITCHED_OFF = "switched_off"
    NOT_APPROVED = "not_approved"
    SESSION_NOT_READY = "session_not_ready"
    WHATSAPP_CHANGED = "whatsapp_changed"  # WhatsApp Web's build does not let the session send
    CLOSED = "outside_hours"
    OVER = "schedule_over"
    WHATSAPP_LIMIT = "whatsapp_limit"  # WhatsApp says that this number may open no new chats now
    ONE_AT_A_TIME = "previous_message"  # the tenant's last release has no final state yet
    PACE = "pace"
    QUOTA = "daily_quota"


@dataclass(frozen=True, slots=True)
class Campaign:
    """What the planner needs to know of one campaign."""

    state: CampaignState
    schedule_state: ScheduleState
    schedule: Schedule
    switched_on: bool = True  # the run-time switches, the installation's and the tenant's


@dataclass(frozen=True, slots=True)
class Counters:
    """What all campaigns of a tenant share."""

    ready: bool  # the session sends, and somebody owns it
    in_flight: bool  # a released message has no final state yet
    next_at_ms: int  # when the next bulk or campaign message may leave
    used_today: int  # campaign messages of the tenant's present local day
    limited_until_ms: int = 0  # by WhatsApp's own word; in the past, or 0, for no limit
    changed: bool = False  # the session does not send because WhatsApp Web changed


@dataclass(frozen=True, slots=True)
class Release:
    """One message may be released. not_after_ms: it must not leave at or after this instant."""

    not_after_ms: int
    delay_ms: int  # at least so long until the tenant's next one
    day: int  # the local day it counts for, e.g. 20261120
    quota: int | None  # checked once more in the step that accepts


@dataclass(frozen=True, slots=True)
class Wait:
    """until_ms: when the answer may change by itself; None where only an event changes it."""

    why: Why
    until_ms: int | None = None


def due(campaign: Campaign, now_ms: int, counters: Counters, rng: random.Random) -> Release | Wait:
    """Whether the campaign may release its next message at `now_ms`. rng: draws the delay."""
    standing = _standing(campaign)
    if standing is not None:
        return Wait(standing)
    schedule = campaign.schedule
    until = hours.open_until(schedule, now_ms)
    if until is None:
        opens = hours.opens_at(schedule, now_ms)
        return Wait(Why.OVER) if opens is None else Wait(Why.CLOSED, opens)
    if not counters.ready:
        return Wait(Why.WHATSAPP_CHANGED if counters.changed else Why.SESSION_NOT_READY)
    if counters.limited_until_ms > now_ms:
        return Wait(Why.WHATSAPP_LIMIT, counters.limited_until_ms)
    if counters.in_flight:
        return Wait(Why.ONE_AT_A_TIME)
    day = hours.local_day(schedule.timezone, now_ms)
    quota = schedule.quota_on(day)
    if quota is not None and counters.used_today >= quota:
        return Wait(Why.QUOTA, hours.next_day_at(schedule, now_ms))
    if counters.next_at_ms > now_ms:
        return Wait(Why.PACE, counters.next_at_ms)
    delay_ms = rng.randint(schedule.delay_min_ms, schedule.delay_max_ms)
    return Release(until, delay_ms, hours.day_number(day), quota)


def _standing(campaign: Campaign) -> Why | None:
    if campaign.state is not CampaignState.EN_PROGRESO:
        return Why.NOT_RUNNING
    if not campaign.switched_on:
        return Why.SWITCHED_OFF
    if campaign.schedule_state is not ScheduleState.APROBADA:
        return Why.NOT_APPROVED
    return None
