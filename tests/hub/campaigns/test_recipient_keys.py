"""What is kept by a recipient's key: opt-outs, a campaign's recipients, and the rows from before there were keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from alembic import command
from alembic.config import Config
from sqlalchemy import text

import hub_api.migrations
from hub_api.campaigns.subject import SUBJECT
from hub_api.database import make_engine, migrate
from shared.recipient_key import recipient_key
from support.phone_spellings import all_spellings
from tests.hub.campaigns.campaign_world import World

PHONE, TWIN = "5491123456789", "541123456789"


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)
class TestKept:
    def test_one_phone_is_on_the_list_once(self, world: World):
        added = world.call("POST", "/optouts", {"numbers": [f"+{PHONE}", f"+{TWIN}"]}, 201)
        assert (added["added"], added["numbers"]) == (1, [PHONE])
        assert world.call("POST", "/optouts", {"numbers": [f"+{TWIN}"]}, 201)["added"] == 0
        assert [item["number"] for item in world.call("GET", "/optouts")["items"]] == [PHONE]
        world.call("DELETE", f"/optouts/{TWIN}")
        assert world.call("GET", "/optouts")["items"] == []
        assert world.call("POST", "/whatsapp/51/messages", {"to": PHONE, "message": "x", "on_not_ready": "queue"}, 202)

    def test_one_phone_is_in_a_campaign_once(self, world: World):
        campaign = world.campaign(0, start=False)
        path = f"/campaigns/{campaign}/recipients"
        first = world.call("POST", path, {"recipients": [{"telefono": PHONE}, {"telefono": f"+{TWIN}"}]})
        assert (first["added"], first["merged"]) == (1, 1)
        again = world.call("POST", path, {"recipients": [{"telefono": f"+{TWIN}"}]})
        assert (again["added"], again["known"]) == (0, 1)
        assert [item["number"] for item in world.call("GET", path)["items"]] == [PHONE]

    def test_messages_are_found_by_any_form(self, world: World):
        sent = world.call("POST", "/whatsapp/51/messages", {"to": PHONE, "message": "x", "on_not_ready": "queue"}, 202)
        world.drain()
        found = world.call("GET", f"/whatsapp/51/messages?to={TWIN}")["items"]
        assert [item["message_id"] for item in found] == [sent["message_id"]]
        assert world.call("GET", "/whatsapp/51/messages?to=541123456780")["items"] == []

    def test_a_repeated_call_may_spell_the_number_otherwise(self, world: World):
        url, headers = "/whatsapp/51/messages", world.tenant | {"Idempotency-Key": "k"}
        body = {"message": "x", "on_not_ready": "queue"}
        first = world.call("POST", url, body | {"to": f"+{PHONE}"}, 202, headers=headers)
        again = world.call("POST", url, body | {"to": f"+{TWIN}"}, 202, headers=headers)
        assert (again["message_id"], again["duplicate"]) == (first["message_id"], True)
        other = world.call("POST", url, body | {"to": "+541123456780"}, 409, headers=headers)
        assert other["error"] == "IDEMPOTENCY_CONFLICT"


def test_the_set_in_redis_is_brought_up_to_date_when_the_hub_starts(world: World, server: redis.Redis):
    # given a set that an earlier release wrote, by number
    world.call("POST", "/optouts", {"numbers": [PHONE]}, 201)
    listed = world.services.keys.opted_out(51)
    server.delete(listed)
    server.sadd(listed, PHONE)
    [make] = SUBJECT.before_events
    mend = make(world.services)
    mend()
    refused = world.call("POST", "/whatsapp/51/messages", {"to": f"+{TWIN}", "message": "x"}, 403)
    assert refused["error"] == "RECIPIENT_OPTED_OUT"
    # and only then
    server.delete(listed)
    mend()
    assert not server.exists(listed)
    world.call("DELETE", f"/optouts/{PHONE}")


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)
def test_rows_from_before_get_the_same_keys(database_url: str) -> None:
    numbers = sorted({row.number for row in all_spellings()} | {"5491123456780", "551132345678", "5511832345678"})
    _downgrade(database_url, "0004")
    engine = make_engine(database_url)
    with engine.connect().execution_options(leadmaster_write=True) as connection, connection.begin():
        _fill(connection, numbers)
    migrate(database_url)

    with engine.connect() as connection:
        optouts = connection.execute(text("SELECT recipient_key, number, at FROM optouts ORDER BY number")).all()
        people = connection.execute(
            text("SELECT recipient_key, number, state FROM campaign_recipients WHERE campaign = 1 ORDER BY position")
        ).all()
        sent_to = connection.execute(
            text("SELECT recipient_key, number FROM campaign_recipients WHERE campaign = 2 ORDER BY position")
        ).all()
        counted = connection.execute(
            text("SELECT campaign, of_state, recipients FROM campaign_counts ORDER BY campaign")
        ).all()
        unknown = connection.execute(text("SELECT recipient_key FROM not_on_whatsapp")).scalars().all()
    engine.dispose()

    keys = {recipient_key(number) for number in numbers}
    # then each phone is there once, with what came first, and its key is what the product computes
    assert {row.recipient_key for row in optouts} == keys
    assert len(optouts) == len(keys)
    assert all(row.recipient_key == recipient_key(row.number) for row in (*optouts, *people))
    assert {row.recipient_key for row in people} == keys
    assert len(people) == len(keys)
    # what was sent twice stays on record, one of them with the key
    assert [tuple(row) for row in sent_to] == [(TWIN, PHONE), (None, TWIN)]
    assert [tuple(row) for row in counted] == [(1, 0, len(keys)), (2, 2, 2)]
    assert unknown == ["34600111222"]


def _fill(connection: Any, numbers: list[str]) -> None:
    for campaign in (1, 2):
        connection.execute(
            text(
                "INSERT INTO campaigns (id, campaign_id, cliente_id, name, templates, columns, state, take_back,"
                " import_done, import_total, created_at, created_by, released_at)"
                " VALUES (:id, :name, 51, 'x', '[]', '[]', 'borrador', false, 0, 0, 1, 'x', 0)"
            ),
            {"id": campaign, "name": f"c{campaign}"},
        )
    people = [(1, place, number, 0) for place, number in enumerate(numbers)]
    people += [(2, place, number, 2) for place, number in enumerate((PHONE, TWIN))]
    for key, (campaign, place, number, state) in enumerate(people, 1):
        connection.execute(
            text(
                'INSERT INTO campaign_recipients (id, campaign, position, number, "values", state, turn)'
                " VALUES (:id, :campaign, :place, :number, '{}', :state, 0)"
            ),
            {"id": key, "campaign": campaign, "place": place, "number": number, "state": state},
        )
    for at, number in enumerate(numbers):
        connection.execute(
            text("INSERT INTO optouts (cliente_id, number, at, source, who) VALUES (51, :number, :at, 'person', 'x')"),
            {"number": number, "at": at},
        )
    for number in (PHONE, "34600111222"):
        connection.execute(
            text("INSERT INTO not_on_whatsapp (number, cliente_id, at) VALUES (:number, 51, 1)"), {"number": number}
        )


def _downgrade(url: str, revision: str) -> None:
    engine = make_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(hub_api.migrations.__path__[0])))
    with engine.connect().execution_options(leadmaster_write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()
