"""Campaigns from REST to the claim, on SQLite and PostgreSQL and a real server."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import redis

from shared.ledger.claiming.work import Outcome, PutKey, Recover
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionStatus
from tests.hub.campaigns.campaign_world import HOUR, Worker, World, number

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def test_a_campaign_from_list_to_report(world: World, worker: Worker):
    campaign = world.campaign(3)
    assert [world.tick(), world.tick()] == [1, 0]  # one at a time
    assert worker.send_next()
    world.drain()
    worker.run(3)

    assert worker.sent == [(number(index), f"Hola N{index}") for index in range(3)]
    world.tick()
    found = world.read(campaign)
    assert (found["state"], found["progress"]["sent"], found["progress"]["remaining"]) == ("finalizado", 3, 0)
    assert found["expected_end"] is None
    # and what the recipients' phones say comes in afterwards
    message_id = world.call("GET", f"/campaigns/{campaign}/recipients")["items"][0]["message_id"]
    worker.ledger.receipts.acknowledge(51, f"true_{message_id}", 3, world.clock)
    world.drain()
    assert (world.read(campaign)["progress"]["delivered"], world.read(campaign)["progress"]["read"]) == (1, 1)
    table = world.client.get(f"/api/campaigns/{campaign}/results", headers=world.tenant)
    lines = table.text.splitlines()
    assert (table.mimetype, len(lines)) == ("text/csv", 4)
    assert lines[1].startswith(f"{number(0)},read,,")
    done = [entry["what"] for entry in world.call("GET", f"/campaigns/{campaign}/audit")["items"]]
    assert done == ["campaign.finish", "campaign.start", "campaign.import", "campaign.create"]
    message = world.call("GET", f"/whatsapp/51/messages/{message_id}")
    assert (message["lane"], message["campaign_id"]) == ("campaign", campaign)


@pytest.mark.parametrize("status", [SessionStatus.QR_REQUIRED, SessionStatus.DISCONNECTED, SessionStatus.ERROR])
def test_only_while_ready(world: World, own: Callable[..., Any], status: SessionStatus):
    campaign = world.campaign(1)
    assert world.tick() == 0
    owner = own(status)
    assert world.tick() == 0
    assert world.read(campaign)["waiting_for"] == "session_not_ready"
    owner.shows(SessionStatus.READY)
    assert world.tick() == 1


def test_it_waits_for_a_build_that_lets_the_session_send_and_says_so(world: World, own: Callable[..., Any]):
    campaign = world.campaign(1)
    owner = own(SessionStatus.ERROR, last_error_code="WHATSAPP_CHANGED")

    released, held = world.tick(), world.read(campaign)
    owner.shows(SessionStatus.READY, last_error_code="")

    assert released == 0
    assert (held["waiting_for"], held["reason_code"]) == ("whatsapp_changed", "WHATSAPP_CHANGED")
    assert "WhatsApp Web" in held["reason"]
    assert world.tick() == 1
    assert world.read(campaign)["reason"] is None


def test_what_was_released_before_the_window_closed_does_not_leave_after_it(world: World, worker: Worker):
    campaign = world.campaign(1)
    world.tick()
    [item] = world.call("GET", f"/campaigns/{campaign}/recipients")["items"]
    message = worker.ledger.entries.read(item["message_id"])
    assert message is not None
    assert message.expires_at_ms <= world.clock + 25 * HOUR  # the local day's end, at the latest

    assert worker.claim(at=message.expires_at_ms) is None
    world.drain()
    assert world.states(campaign) == ["pending"]
    assert world.tick() == 1  # again, as another message
    [again] = world.call("GET", f"/campaigns/{campaign}/recipients")["items"]
    assert again["message_id"] != item["message_id"]


@pytest.mark.parametrize("action", ["pause", "cancel"])
def test_pause_and_cancel_revoke_what_was_released(world: World, worker: Worker, action: str):
    campaign = world.campaign(2)
    world.tick()
    world.call("POST", f"/campaigns/{campaign}/{action}")
    assert worker.claim() is None
    world.drain()
    assert world.states(campaign) == ["pending", "pending"]
    assert world.tick() == 0
    if action == "pause":
        world.call("POST", f"/campaigns/{campaign}/resume")
        worker.run(3)
        assert [to for to, _ in worker.sent] == [number(0), number(1)]


def test_a_release_that_was_decided_before_a_pause_is_worthless(world: World, worker: Worker, server: redis.Redis):
    campaign = world.campaign(1)
    world.tick()
    server.hincrby(world.services.keys.campaign_stop_versions, campaign, 1)  # a pause whose close has not come yet
    assert worker.claim() is None
    world.drain()
    assert world.states(campaign) == ["pending"]


def test_a_claimed_message_is_not_handed_over_after_a_pause(world: World, worker: Worker):
    campaign = world.campaign(1)
    world.tick()
    message = worker.claim()
    assert message is not None
    world.call("POST", f"/campaigns/{campaign}/pause")
    assert worker.put_key(message) is PutKey.STOPPED
    worker.owner.complete(message, Outcome.CANCELLED, "CAMPAIGN_STOPPED")
    assert worker.claim() is None
    world.drain()
    assert world.states(campaign) == ["pending"]


def test_a_recovery_after_the_window_sends_nothing(world: World, worker: Worker):
    world.campaign(1)
    world.tick()
    message = worker.claim()
    assert message is not None
    assert worker.put_key(message) is PutKey.OK
    # the machine comes back at night: the page does not know the key, and it is too late to send it
    world.clock = message.expires_at_ms + 6 * HOUR
    again = worker.owner.next_work(browser_run="b2")
    assert isinstance(again, Recover)
    assert worker.put_key(again.message, f"true_{message.message_id}") is PutKey.EXPIRED


def test_the_switches_act_within_one_tick(world: World, worker: Worker):
    campaign = world.campaign(2)
    world.tick()
    answer = world.call("PUT", "/campaigns/switch", {"enabled": False}, headers=world.admin)
    assert (answer["cliente_id"], answer["enabled"]) == (None, False)
    assert world.tick() == 0  # it revokes
    world.drain()
    assert worker.claim() is None
    assert world.states(campaign) == ["pending", "pending"]
    assert world.read(campaign)["waiting_for"] == "switched_off"
    world.call("PUT", "/campaigns/switch", {"enabled": True}, headers=world.admin)
    assert world.tick() == 1
    # and the tenant's own
    world.call("PUT", "/campaigns/switch", {"enabled": False})
    assert worker.claim() is None
    assert world.call("GET", "/campaigns/switch")["enabled"] is False
    assert world.call("GET", "/campaigns/switch", headers=world.admin)["enabled"] is True


def test_pace_and_quota_are_shared_by_all_campaigns_of_a_tenant(world: World, worker: Worker):
    schedule = world.schedule(daily_quota=3, delay_min_seconds=60, delay_max_seconds=60)
    first, second = world.campaign(5, schedule=schedule), world.campaign(5, schedule=schedule)
    left: list[int] = []
    for _ in range(12):
        world.tick(30_000)
        if worker.send_next():
            left.append(world.clock)
        world.drain()
    assert len(left) == 3
    assert all(after - before >= 60_000 for before, after in itertools.pairwise(left))
    counts = [world.read(campaign)["progress"]["sent"] for campaign in (first, second)]
    assert sorted(counts) == [1, 2]  # in turn
    assert world.read(first)["waiting_for"] == "daily_quota"


def test_what_is_revoked_no_longer_counts_for_the_day(world: World, worker: Worker):
    campaign = world.campaign(1, schedule=world.schedule(daily_quota=1))
    world.tick()
    world.call("POST", f"/campaigns/{campaign}/pause")
    world.drain()
    world.call("POST", f"/campaigns/{campaign}/resume")
    assert world.tick() == 1


def test_a_message_that_a_person_cancelled_does_not_come_again(world: World, worker: Worker):
    campaign = world.campaign(1)
    world.tick()
    [item] = world.call("GET", f"/campaigns/{campaign}/recipients")["items"]
    # a person who cancels the one message does not want it to come again
    world.call("POST", f"/whatsapp/51/messages/{item['message_id']}/cancel")
    world.drain()
    assert world.states(campaign) == ["skipped"]
    world.tick()
    assert world.read(campaign)["state"] == "finalizado"
    assert worker.ledger.entries.read(item["message_id"]).status is MessageStatus.CANCELLED  # type: ignore[union-attr]
