"""Who writes from a LID: attributed to the number that was written to, or shown to a person. Never dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from shared.ledger.claiming.work import Outcome, PutKey
from shared.protocol.commands import ContactAnswer
from shared.transitions.session import SessionStatus
from tests.hub.campaigns.campaign_world import Worker, World, number

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

LID = "123456789012345@lid"
UNATTRIBUTED = "/optouts/unattributed"


def write_to(world: World, worker: Worker, to: str, chat_id: str) -> None:
    """A message goes out to a number, in the chat that WhatsApp answered."""
    world.call("POST", "/whatsapp/51/messages", {"to": to, "message": "x", "on_not_ready": "queue"}, 202)
    message = worker.claim()
    assert message is not None
    key = f"true_{chat_id}_{message.message_id}"
    assert worker.owner.put_key(message, key, chat_id) is PutKey.OK
    worker.owner.acknowledge(message, whatsapp_id=key)
    world.drain()


def opted_out(world: World) -> list[str]:
    return [item["number"] for item in world.call("GET", "/optouts")["items"]]


def test_a_keyword_from_a_lid_is_of_the_number_that_was_written_to(world: World, worker: Worker, server: redis.Redis):
    write_to(world, worker, number(0), LID)
    # given Redis forgot whose address it is, SQL knows
    server.delete(world.services.keys.addresses(51))
    worker.hear(LID, "BAJA", f"false_{LID}_3EB0A")
    world.drain()
    assert opted_out(world) == [number(0)]
    assert world.call("GET", UNATTRIBUTED)["items"] == []
    # and what it wrote is found by number, whatever the row says
    found = world.call("GET", f"/whatsapp/51/inbound?from_number={number(0)}")["items"]
    assert [item["message"] for item in found] == ["BAJA"]


def test_addresses_are_restored_into_an_empty_redis(world: World, worker: Worker, server: redis.Redis):
    write_to(world, worker, number(0), LID)
    server.delete(*server.keys(world.services.keys.prefix + "*"))
    assert world.restore()
    assert world.services.ledger.addresses.numbers(51, [LID]) == {LID: number(0)}


def test_a_checked_contact_is_known_by_its_chat(world: World, own: Callable[..., Any], answering: Callable[..., Any]):
    worker = Worker(own(SessionStatus.READY, clock=lambda: world.clock), world)
    answering(ContactAnswer(True, LID))
    assert world.call("GET", f"/whatsapp/51/contacts/{number(0)}")["chat_id"] == LID
    worker.hear(LID, "BAJA", f"false_{LID}_3EB0A")
    world.drain()
    assert opted_out(world) == [number(0)]


class TestUnattributed:
    @pytest.fixture
    def asked(self, world: World, worker: Worker) -> None:
        """Somebody unknown asked, twice."""
        for key in ("3EB0A", "3EB0B"):
            worker.hear(LID, "BAJA", f"false_{LID}_{key}")
            world.drain()

    def test_is_shown_to_a_person(self, world: World, asked: None):
        [item] = world.call("GET", UNATTRIBUTED)["items"]
        assert (item["address"], item["whatsapp_id"]) == (LID, f"false_{LID}_3EB0A")
        assert world.call("GET", "/whatsapp/51/report")["unattributed_optouts"] == 1
        assert opted_out(world) == []

    def test_nothing_leaves_to_that_chat_and_the_number_is_known_then(
        self, world: World, worker: Worker, asked: None, server: redis.Redis
    ):
        # given the one who asked last wrote more than a day ago
        server.delete(*server.keys(world.services.keys.heard_prefix(51) + "*"))
        campaign = world.campaign(1)
        world.tick()
        message = worker.claim()
        assert message is not None
        assert worker.owner.put_key(message, f"true_{LID}_1", LID) is PutKey.OPTED_OUT
        worker.owner.complete(message, Outcome.FAILED, "RECIPIENT_OPTED_OUT")
        world.drain()
        assert world.states(campaign) == ["skipped"]
        assert worker.sent == []

    def test_becomes_an_opt_out_once_its_number_is_known(self, world: World, worker: Worker, asked: None):
        worker.hear(number(3), "¿hola?", f"false_{LID}_3EB0C")
        world.drain()
        assert opted_out(world) == [number(3)]
        assert world.call("GET", UNATTRIBUTED)["items"] == []
        assert world.call("GET", "/whatsapp/51/report")["unattributed_optouts"] == 0
        bulk = world.call("POST", "/whatsapp/51/messages/bulk", {"messages": [{"to": number(3), "message": "x"}]}, 202)
        assert bulk["items"][0]["error"] == "RECIPIENT_OPTED_OUT"
        world.call("DELETE", f"/optouts/{number(3)}")
        write_to(world, worker, number(3), LID)  # nothing of it is left

    def test_a_person_says_whose_address_it_is(self, world: World, worker: Worker, asked: None):
        bad = world.call("POST", UNATTRIBUTED, {"address": LID, "number": "x"}, 400)
        assert (bad["error"], list(bad["details"])) == ("INVALID_TO", ["number"])
        world.call("POST", UNATTRIBUTED, {"address": LID, "number": "+" + number(4)})
        assert opted_out(world) == [number(4)]
        world.call("POST", UNATTRIBUTED, {"address": LID, "number": "+" + number(4)}, 404)
        # from now on it is known
        world.call("DELETE", f"/optouts/{number(4)}")
        worker.hear(LID, "BAJA", f"false_{LID}_3EB0C")
        world.drain()
        assert opted_out(world) == [number(4)]

    def test_a_person_says_that_nothing_is_to_be_done(self, world: World, worker: Worker, asked: None):
        world.call("POST", UNATTRIBUTED, {"address": LID})
        assert world.call("GET", UNATTRIBUTED)["items"] == []
        write_to(world, worker, number(5), LID)

    def test_binds_again_in_a_redis_that_came_up_empty(self, world: World, server: redis.Redis, asked: None):
        server.delete(*server.keys(world.services.keys.prefix + "*"))
        assert world.restore()
        assert server.smembers(world.services.keys.opted_out(51)) == {LID}

    def test_another_tenant_sees_nothing_of_it(self, world: World, asked: None, token_of: Callable[[str], str]):
        pedro = {"Authorization": f"Bearer {token_of('pedro')}"}
        assert world.call("GET", UNATTRIBUTED, headers=pedro)["items"] == []
        world.call("POST", UNATTRIBUTED, {"address": LID}, 404, headers=pedro)


def test_an_eight_digit_brazilian_is_heard(world: World, worker: Worker):
    world.call("PUT", "/campaigns/settings", {"country": "BR"})
    worker.hear("558588887777", "BAJA", "false_558588887777@c.us_1")
    world.drain()
    assert opted_out(world) == ["558588887777"]
    entries = [{"to": "85 98888-7777", "message": "x"}]
    bulk = world.call("POST", "/whatsapp/51/messages/bulk", {"messages": entries}, 202)
    assert bulk["items"][0]["error"] == "RECIPIENT_OPTED_OUT"


def test_a_number_that_no_plan_knows_is_heard_and_can_be_taken_off(world: World, worker: Worker):
    worker.hear("99912345678", "BAJA", "false_99912345678@c.us_1")
    world.drain()
    assert opted_out(world) == ["99912345678"]
    world.call("DELETE", "/optouts/99912345678")
    assert opted_out(world) == []
    assert world.call("DELETE", "/optouts/99912345678", expect=404)["error"] == "NOT_FOUND"
    assert world.call("DELETE", "/optouts/nobody", expect=400)["error"] == "INVALID_TO"
