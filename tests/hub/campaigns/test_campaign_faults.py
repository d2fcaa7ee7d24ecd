"""Ticks that overlap, crash half-way, run ahead of the recording, or meet an empty Redis."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis

from hub_api.campaigns.releasing.tick import Tick
from shared.transitions.session import SessionStatus
from tests.hub.campaigns.campaign_world import Worker, World, number

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def test_two_beats_at_once_are_safe(world: World, worker: Worker):
    world.campaign(5)
    released: list[int] = []
    gate = threading.Barrier(4)

    def beat() -> None:
        gate.wait()
        released.append(world.tick_only())

    threads = [threading.Thread(target=beat) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.drain()
    assert worker.ledger.entries.depths([51])[51] == (1, 0)


def test_one_slot_is_one_tick(world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hub_api.campaigns.releasing.tick.now_ms", lambda: world.clock)
    world.campaign(1)
    beats = [Tick(world.services, random.Random(0)) for _ in range(2)]
    assert [beat.run_slot() for beat in beats] == [1, 0]


def test_a_release_that_crashed_half_way_is_repeated_and_sent_once(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch
):
    campaign = world.campaign(2)
    with monkeypatch.context() as crashing:
        crashing.setattr("hub_api.campaigns.releasing.tick.keep", _crash)
        with pytest.raises(RuntimeError):
            world.tick()
    assert worker.send_next()  # accepted before the crash
    world.tick()  # the same recipient again: the same message
    world.drain()
    worker.run(3)
    assert [to for to, _ in worker.sent] == [number(0), number(1)]
    assert world.states(campaign) == ["sent", "sent"]


def test_a_crash_before_the_events_were_recorded(world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch):
    campaign = world.campaign(2)
    with monkeypatch.context() as crashing:
        crashing.setattr("hub_api.campaigns.releasing.tick.keep", _crash)
        with pytest.raises(RuntimeError):
            world.tick()
    worker.send_next()
    world.drain()  # the event itself names the recipient
    assert world.states(campaign) == ["sent", "pending"]


def test_ticks_that_are_faster_than_the_recording(world: World, worker: Worker):
    campaign = world.campaign(4)
    for _ in range(6):
        world.clock += 1
        world.tick_only()
        worker.send_next()
    assert [to for to, _ in worker.sent] == [number(0), number(1)]  # nobody twice, whatever is not recorded yet
    world.drain()
    worker.run(4)
    assert [to for to, _ in worker.sent] == [number(index) for index in range(4)]
    assert world.read(campaign)["progress"]["sent"] == 4


def test_a_redis_that_is_lost_before_the_recording(world: World, own: Callable[..., Any], server: redis.Redis):
    campaign = world.campaign(2)
    own(SessionStatus.READY)
    world.tick_only()
    server.delete(*server.keys(world.services.keys.prefix + "*"))
    world.restore()
    own(SessionStatus.READY)
    assert world.tick() == 1
    assert world.states(campaign) == ["uncertain", "released"]


def _crash(*_: Any) -> None:
    raise RuntimeError("killed here")
