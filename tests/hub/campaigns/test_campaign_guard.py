"""Campaigns that stop by themselves, and what is written to again, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from shared.ledger.claiming.work import Outcome
from shared.names import Keys
from shared.protocol.events import SessionMoved
from shared.sessions.snapshots import Snapshots
from shared.transitions.session import SessionEvent, SessionStatus
from tests.hub.campaigns.campaign_world import HOUR, Worker, World, number

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


class TestGuard:
    def test_a_fifth_of_the_last_fifty(self, world: World, worker: Worker):
        campaign = world.campaign(30)
        worker.run(12, lambda: worker.fail_next("ENGINE_FAILED"))
        found = world.read(campaign)
        assert (found["state"], found["reason_code"]) == ("pausada", "CAMPAIGN_FAILURES")
        assert "últimos 50" in found["reason"]
        assert found["progress"]["failed"] == 10
        # answers to people who wrote first still go out
        world.call("POST", "/whatsapp/51/messages", {"to": number(99), "message": "sí"}, 202)
        assert worker.send_next()
        # a person must lift it
        refused = world.call("POST", f"/campaigns/{campaign}/resume", expect=409)
        assert (refused["error"], refused["details"]["held"]) == ("INVALID_STATE", "CAMPAIGN_FAILURES")
        lifted = world.call("DELETE", "/campaigns/hold")
        assert (lifted["held"], lifted["resumed"]) == (False, 1)
        worker.run(1)
        assert world.read(campaign)["progress"]["sent"] == 1
        world.call("DELETE", "/campaigns/hold", expect=409)

    def test_refusals_in_series(self, world: World, worker: Worker):
        campaign = world.campaign(6)
        worker.run(5, lambda: worker.fail_next("REFUSED_BY_WHATSAPP"))
        assert world.read(campaign)["reason_code"] == "CAMPAIGN_RESTRICTED"
        assert world.read(campaign)["progress"]["failed"] == 3

    def test_a_restriction_that_the_worker_reports(self, world: World, own: Callable[..., Any]):
        campaign = world.campaign(1)
        own(SessionStatus.READY, restricted_until=world.clock + HOUR)
        assert world.tick() == 0
        assert world.read(campaign)["reason_code"] == "CAMPAIGN_RESTRICTED"

    def test_a_ban(self, world: World, own: Callable[..., Any], server: redis.Redis, keys: Keys):
        campaign = world.campaign(2)
        owner = own(SessionStatus.READY)
        world.tick()
        owner.snapshot = owner.snapshot.__class__(51, SessionStatus.ERROR)
        banned = SessionMoved(SessionStatus.READY, SessionStatus.ERROR, SessionEvent.FAILED, "ACCOUNT_BANNED")
        assert Snapshots(server, keys).write(owner.lease, owner.snapshot, world.clock, banned)
        world.drain()
        found = world.read(campaign)
        assert (found["state"], found["reason_code"]) == ("pausada", "ACCOUNT_BANNED")
        world.tick()  # revokes what was released
        world.drain()
        assert world.states(campaign) == ["pending", "pending"]


class TestPutBack:
    def test_only_those_that_certainly_got_nothing(self, world: World, worker: Worker):
        campaign = world.campaign(4)
        worker.run(1, lambda: worker.fail_next("ENGINE_FAILED"))
        worker.run(1, lambda: worker.fail_next("NOT_ON_WHATSAPP"))
        worker.run(1, lambda: worker.fail_next("OUTCOME_UNKNOWN", Outcome.UNCERTAIN))
        worker.run(2)
        assert world.read(campaign)["state"] == "finalizado"
        found = world.call("POST", f"/campaigns/{campaign}/put-back", {"codes": ["ENGINE_FAILED"]})
        assert (found["put_back"], found["state"]) == (1, "pendiente")
        assert world.states(campaign) == ["pending", "failed", "uncertain", "sent"]
        world.call("POST", f"/campaigns/{campaign}/start")
        worker.run(2)
        assert world.states(campaign) == ["sent", "failed", "uncertain", "sent"]
        assert [to for to, _ in worker.sent] == [number(3), number(0)]

    def test_evidence_that_comes_late_settles_it(self, world: World, worker: Worker):
        campaign = world.campaign(1)
        world.tick()
        message = worker.claim()
        assert message is not None
        worker.put_key(message)
        worker.owner.complete(message, Outcome.FAILED, "REFUSED_BY_WHATSAPP")
        world.drain()
        world.call("POST", f"/campaigns/{campaign}/put-back")
        worker.ledger.receipts.acknowledge(51, f"true_{message.message_id}", 2, world.clock)
        world.drain()
        assert world.states(campaign) == ["delivered"]
