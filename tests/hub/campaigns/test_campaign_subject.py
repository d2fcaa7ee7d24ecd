"""Campaigns through what they register: this is how the hub, its background worker and the command line reach them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from hub_api.beat import EVERY_S
from hub_api.campaigns.imports.file_import import import_file
from hub_api.campaigns.subject import SUBJECT
from hub_api.registry import EventHandler, Restoration
from hub_api.subjects import for_command_line
from shared import names
from shared.instant import now_ms
from shared.recipient_key import recipient_key
from shared.transitions.session import SessionStatus
from tests.hub.campaigns.campaign_world import Worker, World, number


def test_the_tick_releases_what_is_due(world: World, own: Callable[..., Any]):
    world.campaign(1)
    own(SessionStatus.READY)
    [tick] = [task for task in SUBJECT.tasks if task.name == names.TASK_CAMPAIGN_TICK]
    settings = world.services.settings
    assert EVERY_S[names.TASK_CAMPAIGN_TICK](settings) == settings.campaign_tick_seconds
    assert tick.make(world.services)() == 1


def test_restoring_brings_back_who_asked_to_be_left_alone(world: World, server: redis.Redis):
    world.call("POST", "/optouts", {"numbers": [number(0)]}, 201)
    listed = world.services.keys.opted_out(51)
    server.delete(listed)
    [restore] = SUBJECT.restore
    begun = world.services.ledger.incarnation.begin("0-0")
    restore(world.services, Restoration(now_ms(), begun.marker, begun.id, begun.since))
    assert server.sismember(listed, recipient_key(number(0)))


def test_after_each_drain_who_asked_is_answered(world: World, worker: Worker):
    worker.hear(number(0), "BAJA")
    world.drain()
    _, answers = SUBJECT.after_events
    assert answers(world.services)() == 0  # the drain asked already, and nobody is answered twice
    assert worker.send_next()
    assert [to for to, _ in worker.sent] == [number(0)]


def test_the_handler_of_events_knows_none_by_itself(world: World):
    [make] = SUBJECT.event_handlers
    handler: EventHandler = make(world.services)
    with world.services.database.reading() as session:
        assert handler.known(session, []) == set()


def test_the_command_line_finds_the_import_by_name() -> None:
    assert for_command_line("campaign import") is import_file
    with pytest.raises(KeyError):
        for_command_line("campaign nothing")
