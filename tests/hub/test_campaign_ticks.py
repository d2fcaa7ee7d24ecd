"""Campaigns from REST to the claim, on SQLite and PostgreSQL and a real server."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from pydantic import SecretStr

from hub_api import background_tasks as tasks
from hub_api.messages.service import SendRequest, send_text
from shared.errors import RecipientOptedOut
from shared.ledger.ledger import Ledger, make_ledger
from shared.transitions.message import Lane, MessageStatus
from shared.ledger.claiming.work import Outcome, Pace, PutKey, Recover
from shared.names import Keys
from shared.sessions.lease import NotRebuilt
from shared.sessions.snapshots import Snapshots
from shared.transitions.session import SessionStatus
from shared.settings import Settings
from tests.hub.campaign_world import Worker, World, number

HOUR = 3_600_000
_AHEAD = 12 - datetime.now(UTC).hour
NOON = f"Etc/GMT{-_AHEAD:+d}"  # where it is midday now, so that no test meets midnight


pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def settings(redis_url: str, database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        redis_url=redis_url,
        redis_prefix=f"t{uuid.uuid4().hex[:12]}:",
        database_url=database_url,
        leadmaster_data_dir=tmp_path,
        jwt_secret=SecretStr("s" * 32),
        default_timezone=NOON,
        send_delay_min_seconds=0,
        send_delay_max_seconds=0,
    )


@pytest.fixture
def world(
    settings: Settings, client: Any, services: Any, maria: Any, root: Any, server: redis.Redis
) -> Iterator[World]:
    background = tasks.make_background(settings)
    yield World(client, services, background, maria, root)
    background.close()


@pytest.fixture
def worker(world: World, own: Callable[..., Any], server: redis.Redis, keys: Keys) -> Worker:
    """The owner of a READY session."""
    return Worker(make_ledger(server, keys), own(SessionStatus.READY).lease, world)


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
def test_pause_and_cancel_take_back_what_was_released(world: World, worker: Worker, action: str):
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
    assert worker.put_key(message) is PutKey.LATE
    worker.ledger.claiming.complete(worker.lease, message, Outcome.QUEUED, code="CAMPAIGN_STOPPED", now_ms=world.clock)
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
    again = worker.ledger.claiming.claim_next(worker.lease, "b2", world.clock, Pace(0, 0), bulk_allowed=True)
    assert isinstance(again, Recover)
    assert worker.put_key(again.message, f"true_{message.message_id}") is PutKey.LATE


def test_the_switches_act_within_one_tick(world: World, worker: Worker):
    campaign = world.campaign(2)
    world.tick()
    answer = world.call("PUT", "/campaigns/switch", {"enabled": False}, headers=world.admin)
    assert (answer["cliente_id"], answer["enabled"]) == (None, False)
    assert world.tick() == 0  # it takes back
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


def test_what_is_taken_back_no_longer_counts_for_the_day(world: World, worker: Worker):
    campaign = world.campaign(1, schedule=world.schedule(daily_quota=1))
    world.tick()
    world.call("POST", f"/campaigns/{campaign}/pause")
    world.drain()
    world.call("POST", f"/campaigns/{campaign}/resume")
    assert world.tick() == 1


def test_two_beats_at_once_are_safe(world: World, worker: Worker):
    world.campaign(5)
    released: list[int] = []
    gate = threading.Barrier(4)

    def beat() -> None:
        gate.wait()
        released.append(world.background.tick.run(world.clock))

    threads = [threading.Thread(target=beat) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.drain()
    assert worker.ledger.entries.depth(51) == (1, 0)


def test_one_slot_is_one_tick(world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hub_api.campaigns.releasing.tick.now_ms", lambda: world.clock)
    world.campaign(1)
    assert [world.background.tick.run_slot(), world.background.tick.run_slot()] == [1, 0]


def test_a_release_that_crashed_half_way_is_repeated_and_sent_once(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch
):
    campaign = world.campaign(2)
    with monkeypatch.context() as crashing:
        crashing.setattr("hub_api.campaigns.releasing.tick._keep", _crash)
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
        crashing.setattr("hub_api.campaigns.releasing.tick._keep", _crash)
        with pytest.raises(RuntimeError):
            world.tick()
    worker.send_next()
    world.drain()  # the event itself names the recipient
    assert world.states(campaign) == ["sent", "pending"]


def test_ticks_that_are_faster_than_the_recording(world: World, worker: Worker):
    campaign = world.campaign(4)
    for _ in range(6):
        world.clock += 1
        world.background.tick.run(world.clock)
        worker.send_next()
    assert [to for to, _ in worker.sent] == [number(0), number(1)]  # nobody twice, whatever is not recorded yet
    world.drain()
    worker.run(4)
    assert [to for to, _ in worker.sent] == [number(index) for index in range(4)]
    assert world.read(campaign)["progress"]["sent"] == 4


def test_a_redis_that_is_lost_before_the_recording(world: World, own: Callable[..., Any], server: redis.Redis):
    campaign = world.campaign(2)
    own(SessionStatus.READY)
    world.background.tick.run(world.clock)
    server.delete(*server.keys(world.services.keys.prefix + "*"))
    world.background.rebuild.run()
    own(SessionStatus.READY)
    assert world.tick() == 1
    assert world.states(campaign) == ["uncertain", "released"]


class TestOptOuts:
    def test_checked_when_released_and_again_at_the_claim(self, world: World, worker: Worker):
        campaign = world.campaign(3)
        world.call("POST", "/optouts", {"numbers": ["+" + number(0)], "note": "por teléfono"}, 201)
        assert world.tick() == 1
        assert world.states(campaign) == ["skipped", "released", "pending"]
        world.call("POST", "/optouts", {"numbers": [number(1)]}, 201)
        assert worker.claim() is None
        world.drain()
        assert world.states(campaign) == ["skipped", "skipped", "pending"]
        worker.run(2)
        assert [to for to, _ in worker.sent] == [number(2)]
        found = world.read(campaign)["progress"]
        assert found["skipped_by_code"] == {"RECIPIENT_OPTED_OUT": 2}

    def test_bulk_and_single(self, world: World, worker: Worker):
        world.call("POST", "/optouts", {"numbers": [number(0)]}, 201)
        bulk = world.call("POST", "/whatsapp/51/messages/bulk", {"messages": [{"to": number(0), "message": "x"}]}, 202)
        assert bulk["items"][0]["error"] == "RECIPIENT_OPTED_OUT"
        refused = world.call("POST", "/whatsapp/51/messages", {"to": number(0), "message": "x"}, 403)
        assert refused["error"] == "RECIPIENT_OPTED_OUT"
        # who wrote within 24 h may be answered
        data = {"from": number(0), "message": "¿hola?", "at": world.clock}
        worker.ledger.receipts.record_inbound(51, "false_1", data, world.clock)
        world.call("POST", "/whatsapp/51/messages", {"to": number(0), "message": "x"}, 202)
        assert worker.send_next()
        world.call("DELETE", f"/optouts/{number(0)}")
        world.call("DELETE", f"/optouts/{number(0)}", expect=404)
        assert world.call("GET", "/optouts")["items"] == []

    def test_a_queued_bulk_message_does_not_leave(self, world: World, worker: Worker):
        order = SendRequest(to="+" + number(0), text="x", lane=Lane.BULK)
        message = send_text(world.services, 51, order, world.clock).message
        world.call("POST", "/optouts", {"numbers": [number(0)]}, 201)
        assert worker.claim() is None
        assert world.call("GET", f"/whatsapp/51/messages/{message.message_id}")["error"] == "RECIPIENT_OPTED_OUT"

    @pytest.mark.parametrize("text", ["BAJA", " stop! "])
    def test_a_keyword_puts_the_number_on_the_list_and_is_answered_once(self, world: World, worker: Worker, text: str):
        world.campaign(1)
        for key in ("false_1", "false_2"):
            data = {"from": number(0), "message": text, "at": world.clock}
            worker.ledger.receipts.record_inbound(51, key, data, world.clock)
            world.drain()
        [item] = world.call("GET", "/optouts")["items"]
        assert (item["number"], item["source"]) == (number(0), "keyword")
        assert worker.send_next()
        assert worker.claim() is None
        assert worker.sent == [(number(0), "Listo, no volveremos a escribirte. ¡Gracias por avisar!")]
        world.tick()
        assert worker.claim() is None

    def test_own_keywords_and_answer(self, world: World, worker: Worker):
        world.call("PUT", "/campaigns/settings", {"optout_keywords": ["NO MÁS"], "optout_answer": "Ok"})
        for key, sender, text in (("f1", number(0), "BAJA"), ("f2", number(1), "no mas")):
            worker.ledger.receipts.record_inbound(51, key, {"from": sender, "message": text, "at": world.clock}, world.clock)
        world.drain()
        assert [item["number"] for item in world.call("GET", "/optouts")["items"]] == [number(1)]
        worker.send_next()
        assert worker.sent == [(number(1), "Ok")]

    def test_an_empty_redis_never_means_that_nobody_opted_out(self, world: World, server: redis.Redis, own: Any):
        keys = world.services.keys
        quota = world.schedule(daily_quota=2)
        campaign = world.campaign(4, schedule=quota)
        worker = Worker(make_ledger(server, keys), own(SessionStatus.READY).lease, world)
        world.call("POST", "/optouts", {"numbers": [number(2)]}, 201)
        worker.run(1)
        world.tick()
        server.delete(*server.keys(keys.prefix + "*"))
        # given nothing is rebuilt, nothing is released and no session is taken
        assert world.tick() == 0
        with pytest.raises(NotRebuilt):
            own(SessionStatus.READY)
        assert world.background.rebuild.run()
        assert server.sismember(keys.opted_out(51), number(2))
        # then what was released and lost is for a person, or back on the list where it certainly did not leave;
        # it never leaves as it was released, and the quota is used up
        worker.lease = own(SessionStatus.READY).lease
        assert worker.claim() is None
        world.drain()
        states = world.states(campaign)
        assert (states[0], states[2:]) == ("sent", ["pending", "pending"])
        assert states[1] in ("uncertain", "pending")
        assert world.tick() == 0
        assert world.read(campaign)["waiting_for"] == "daily_quota"

    def test_numbers_not_on_whatsapp_are_remembered(self, world: World, worker: Worker):
        first = world.campaign(1)
        world.tick()
        worker.fail_next("NOT_ON_WHATSAPP")
        world.drain()
        world.tick()
        assert world.read(first)["progress"]["failed_by_code"] == {"NOT_ON_WHATSAPP": 1}
        second = world.campaign(2)
        world.tick()
        assert world.states(second) == ["skipped", "released"]
        assert world.read(second)["progress"]["skipped_by_code"] == {"NOT_ON_WHATSAPP": 1}


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
        transition = '{"from": "READY", "to": "ERROR", "event": "failed", "cause": "ACCOUNT_BANNED"}'
        assert Snapshots(server, keys).write(owner.lease, owner.snapshot, world.clock, transition)
        world.drain()
        found = world.read(campaign)
        assert (found["state"], found["reason_code"]) == ("pausada", "ACCOUNT_BANNED")
        world.tick()  # takes back what was released
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
        worker.ledger.claiming.complete(worker.lease, message, Outcome.FAILED, code="REFUSED_BY_WHATSAPP", now_ms=world.clock)
        world.drain()
        world.call("POST", f"/campaigns/{campaign}/put-back")
        worker.ledger.receipts.acknowledge(51, f"true_{message.message_id}", 2, world.clock)
        world.drain()
        assert world.states(campaign) == ["delivered"]


class TestSchedule:
    def test_an_admin_approves_and_both_comment(self, world: World):
        schedule = world.schedule(approve=False, comment="Para la promo", daily_quota=50)
        campaign = world.campaign(1, start=False, schedule=schedule)
        refused = world.call("POST", f"/campaigns/{campaign}/start", expect=409)
        assert refused["details"] == {"schedule": "pendiente"}
        world.call("POST", f"/schedules/{schedule}/approve", expect=403)
        waiting = world.call("GET", "/schedules?state=pendiente", headers=world.admin)["items"]
        assert [item["schedule_id"] for item in waiting] == [schedule]
        path = f"/schedules/{schedule}"
        assert world.call("POST", f"{path}/reject", {"comment": "Muchos"}, headers=world.admin)["state"] == "rechazada"
        world.call("POST", f"{path}/comments", {"comment": "Bajo a 20"}, 201)
        found = world.call("POST", f"{path}/approve", {"comment": "Bien"}, headers=world.admin)
        assert found["state"] == "aprobada"
        assert [entry["text"] for entry in found["comments"]] == ["Para la promo", "Muchos", "Bajo a 20", "Bien"]
        world.call("POST", f"/campaigns/{campaign}/start")
        whats = [entry["what"] for entry in world.call("GET", f"{path}/audit")["items"]]
        assert whats == ["schedule.approve", "schedule.comment", "schedule.reject", "schedule.create"]

    def test_pausing_or_editing_it_takes_back(self, world: World, worker: Worker):
        schedule = world.schedule()
        campaign = world.campaign(1, schedule=schedule)
        world.tick()
        assert world.call("POST", f"/schedules/{schedule}/pause")["state"] == "pausada"
        assert worker.claim() is None
        world.drain()
        world.tick()
        assert (world.states(campaign), world.read(campaign)["waiting_for"]) == (["pending"], "not_approved")
        world.call("POST", f"/schedules/{schedule}/approve", headers=world.admin)
        assert world.tick() == 1
        edited = {"name": "De día", "weekdays": [0], "start": "09:00", "end": "18:00"}
        assert world.call("PUT", f"/schedules/{schedule}", edited)["state"] == "pendiente"
        assert worker.claim() is None

    def test_a_window_that_is_closed(self, world: World, worker: Worker):
        zone = ZoneInfo(NOON)
        local = datetime.fromtimestamp(world.clock / 1000, zone)
        begins = local + timedelta(hours=2)
        fields = {"weekdays": [begins.weekday()], "start": f"{begins:%H}:00", "end": f"{begins:%H}:59"}
        campaign = world.campaign(1, schedule=world.schedule(**fields))
        assert world.tick() == 0
        assert world.read(campaign)["waiting_for"] == "outside_hours"
        world.clock = round(begins.replace(minute=30).timestamp() * 1000)
        assert world.tick() == 1


def test_settings_of_a_tenant(world: World):
    found = world.call("PUT", "/campaigns/settings", {"timezone": "Europe/Madrid", "country": "ES"})
    assert (found["timezone"], found["country"], found["optout_keywords"]) == ("Europe/Madrid", "ES", ["BAJA", "STOP"])
    world.call("PUT", "/campaigns/settings", {"timezone": "Nowhere/Here"}, 400)
    campaign = world.campaign(0, start=False)
    answer = world.call("POST", f"/campaigns/{campaign}/recipients", {"recipients": [{"telefono": "612 345 678"}]})
    assert answer["good"] == 1
    assert world.call("GET", f"/campaigns/{campaign}/recipients")["items"][0]["number"] == "34612345678"
    assert world.call("PUT", "/campaigns/settings", {"timezone": None})["timezone"] == NOON


def test_message_ids_are_taken_back_only_once(world: World, worker: Worker):
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


def test_an_opted_out_release_raises_its_own_error(world: World, server: redis.Redis):
    server.sadd(world.services.keys.opted_out(51), number(0))
    with pytest.raises(RecipientOptedOut):
        send_text(world.services, 51, SendRequest(to="+" + number(0), text="x", lane=Lane.BULK, wake=True), world.clock)


def _crash(*_: Any) -> None:
    raise RuntimeError("killed here")
