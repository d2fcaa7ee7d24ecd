"""Who asked not to be written to is not, on SQLite and PostgreSQL and a real server."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from hub_api.messages.service import SendRequest, send_text
from shared.errors import RecipientOptedOut
from shared.protocol.events import MessageInbound
from shared.protocol.inbound import Direction, InboundType, MediaSource
from shared.recipient_key import recipient_key
from shared.sessions.lease import ClaimsClosed
from shared.transitions.message import Lane
from shared.transitions.session import SessionStatus
from tests.hub.campaigns.campaign_world import Worker, World, number

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


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
        worker.hear(number(0), "¿hola?")
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
            worker.hear(number(0), text, key)
            world.drain()
        [item] = world.call("GET", "/optouts")["items"]
        assert (item["number"], item["source"]) == (number(0), "keyword")
        assert worker.send_next()
        assert worker.claim() is None
        assert worker.sent == [(number(0), "Listo, no volveremos a escribirte. ¡Gracias por avisar!")]
        world.tick()
        assert worker.claim() is None

    def test_a_caption_asks_as_a_text_does(self, world: World, worker: Worker):
        picture = MessageInbound(
            number(0), "Baja!", world.clock, "false_1", type=InboundType.IMAGE, media=MediaSource("image")
        )
        worker.ledger.receipts.record_inbound(51, [picture], world.clock)
        world.drain()
        assert [item["number"] for item in world.call("GET", "/optouts")["items"]] == [number(0)]

    def test_nobody_asks_in_a_group_nor_the_owner_on_the_phone(self, world: World, worker: Worker):
        group, chat_id = "120363000000000001@g.us", f"{number(1)}@c.us"
        told = [
            MessageInbound(number(0), "BAJA", world.clock, f"false_{group}_1", chat_id=group, author=number(0)),
            MessageInbound(
                "5491150000051", "BAJA", world.clock, f"true_{chat_id}_2", chat_id=chat_id, direction=Direction.OUT
            ),
        ]
        assert worker.ledger.receipts.record_inbound(51, told, world.clock) == [True, True]
        world.drain()
        assert world.call("GET", "/optouts")["items"] == []
        assert world.call("GET", "/optouts/unattributed")["items"] == []
        # and neither of them may be answered against an opt-out, as somebody may who wrote
        world.call("POST", "/optouts", {"numbers": [number(0), number(1)]}, 201)
        for to in (number(0), number(1)):
            refused = world.call("POST", "/whatsapp/51/messages", {"to": to, "message": "x"}, 403)
            assert refused["error"] == "RECIPIENT_OPTED_OUT"

    def test_own_keywords_and_answer(self, world: World, worker: Worker):
        world.call("PUT", "/campaigns/settings", {"optout_keywords": ["NO MÁS"], "optout_answer": "Ok"})
        for key, sender, text in (("f1", number(0), "BAJA"), ("f2", number(1), "no mas")):
            worker.hear(sender, text, key)
        world.drain()
        assert [item["number"] for item in world.call("GET", "/optouts")["items"]] == [number(1)]
        worker.send_next()
        assert worker.sent == [(number(1), "Ok")]

    def test_an_empty_redis_never_means_that_nobody_opted_out(self, world: World, server: redis.Redis, own: Any):
        keys = world.services.keys
        quota = world.schedule(daily_quota=2)
        campaign = world.campaign(4, schedule=quota)
        worker = Worker(own(SessionStatus.READY, clock=lambda: world.clock), world)
        world.call("POST", "/optouts", {"numbers": [number(2)]}, 201)
        worker.run(1)
        world.tick()
        server.delete(*server.keys(keys.prefix + "*"))
        # given nothing is rebuilt, nothing is released and no session is taken
        assert world.tick() == 0
        with pytest.raises(ClaimsClosed):
            own(SessionStatus.READY)
        assert world.restore()
        assert server.sismember(keys.opted_out(51), recipient_key(number(2)))
        # then what was released and lost is for a person, or back on the list where it certainly did not leave;
        # it never leaves as it was released, and the quota is used up
        worker.owner = own(SessionStatus.READY, clock=lambda: world.clock)
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


def test_an_opted_out_release_raises_its_own_error(world: World, server: redis.Redis):
    server.sadd(world.services.keys.opted_out(51), recipient_key(number(0)))
    with pytest.raises(RecipientOptedOut):
        send_text(world.services, 51, SendRequest(to="+" + number(0), text="x", lane=Lane.BULK, wake=True), world.clock)
