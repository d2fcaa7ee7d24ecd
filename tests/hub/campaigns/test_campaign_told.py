"""What callers are told of campaigns and opt-outs, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from event_schemas import documented

from hub_api.public_events import log
from hub_api.public_events.log import Wanted
from shared.protocol.events import MessageInbound
from tests.hub.campaigns.campaign_world import Worker, World, number

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def _told(world: World, kind: str) -> list[dict[str, Any]]:
    world.drain()
    found = log.after(world.services.database, 0, Wanted(51, {kind}), 100)
    return [documented(entry.body)["data"] for entry in found]


def test_each_change_of_a_campaigns_state_as_it_was_then(world: World, worker: Worker) -> None:
    campaign = world.campaign(1)
    for call in ("pause", "resume"):
        world.call("POST", f"/campaigns/{campaign}/{call}")
    worker.run(1)
    world.tick()

    told = _told(world, "campaign.status")
    assert {data["campaign_id"] for data in told} == {campaign}
    assert [data["state"] for data in told] == ["en_progreso", "pausada", "en_progreso", "finalizado"]
    assert told[-1] == {name: world.read(campaign)[name] for name in told[-1]}


def test_a_call_that_is_refused_tells_nothing(world: World) -> None:
    campaign = world.campaign(0, start=False)
    world.call("POST", f"/campaigns/{campaign}/start", expect=409)

    assert _told(world, "campaign.status") == []


def test_what_the_guard_holds_and_a_person_lifts(world: World, worker: Worker) -> None:
    campaign = world.campaign(6)
    worker.run(5, lambda: worker.fail_next("REFUSED_BY_WHATSAPP"))
    world.call("DELETE", "/campaigns/hold")

    told = [(data["state"], data["reason_code"]) for data in _told(world, "campaign.status")]
    assert told == [("en_progreso", None), ("pausada", "CAMPAIGN_RESTRICTED"), ("en_progreso", None)]
    assert world.read(campaign)["state"] == "en_progreso"


def test_who_goes_on_the_list_and_off_it(world: World) -> None:
    world.call("POST", "/optouts", {"numbers": [number(1), number(1)], "note": "por teléfono"}, 201)
    world.call("POST", "/optouts", {"numbers": [number(1)]}, 201)
    asked = MessageInbound(number(2), "BAJA", world.clock, "false_baja")
    world.services.ledger.receipts.record_inbound(51, [asked], world.clock)
    world.drain()
    world.call("DELETE", f"/optouts/{number(1)}")

    told = _told(world, "optout.changed")
    assert [(data["number"], data["source"], data["opted_out"]) for data in told] == [
        (number(1), "person", True),
        (number(2), "keyword", True),
        (number(1), "person", False),
    ]
    assert told[0]["note"] == "por teléfono"
