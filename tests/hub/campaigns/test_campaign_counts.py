"""How far a campaign is, told from counts that move with its recipients; nobody is looked at for it."""

from __future__ import annotations

import pytest
from sqlalchemy import event, text

from hub_api.campaigns.counting import Recount
from hub_api.campaigns.lifecycle import progress
from hub_api.campaigns.lookup import find
from hub_api.campaigns.models import RecipientRecord
from hub_api.campaigns.state_changes import move_recipients
from hub_api.campaigns.transitions import RecipientAction
from hub_api.database import Database
from tests.hub.campaigns.campaign_world import Worker, World, number

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def _statements(database: Database) -> list[str]:
    """What is asked of the database from now on."""
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement))
    return asked


def _wrong(world: World) -> int:
    return Recount(world.services.database).run()


def test_looking_at_a_campaign_looks_at_no_recipient(world: World):
    campaign = world.campaign(3)
    asked = _statements(world.services.database)
    found = world.read(campaign)
    assert (found["progress"]["total"], found["progress"]["remaining"]) == (3, 3)
    assert asked
    assert [statement for statement in asked if "campaign_recipients" in statement] == []


def test_the_counts_follow_whatever_happens(world: World, worker: Worker):
    campaign = world.campaign(6)
    world.call("POST", "/optouts", {"numbers": [number(5)]}, 201)
    worker.run(1)
    worker.run(1, lambda: worker.fail_next("ENGINE_FAILED"))
    world.tick()
    world.call("POST", f"/campaigns/{campaign}/pause")  # the third: back to pending
    world.drain()
    found = world.read(campaign)["progress"]
    assert (found["sent"], found["failed_by_code"], found["remaining"]) == (1, {"ENGINE_FAILED": 1}, 4)
    assert _wrong(world) == 0
    assert world.call("POST", f"/campaigns/{campaign}/put-back")["put_back"] == 1
    found = world.read(campaign)["progress"]
    assert (found["sent"], found["failed_by_code"], found["remaining"]) == (1, {}, 5)
    world.call("POST", f"/campaigns/{campaign}/resume")
    worker.run(6)
    found = world.read(campaign)
    assert found["state"] == "finalizado"
    done = found["progress"]
    assert (done["sent"], done["remaining"], done["skipped_by_code"]) == (5, 0, {"RECIPIENT_OPTED_OUT": 1})
    assert _wrong(world) == 0


def test_moving_many_counts_each_of_them(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hub_api.campaigns.state_changes._AT_ONCE", 2)  # more than one chunk
    campaign = world.campaign(5, start=False)
    database = world.services.database
    with database.writing() as session:
        of_it = RecipientRecord.campaign == find(session, campaign).id
        assert move_recipients(session, RecipientAction.SKIP, of_it & (RecipientRecord.position > 1), error="x") == 4
    found = world.read(campaign)["progress"]
    assert (found["remaining"], found["skipped_by_code"]) == (1, {"x": 4})
    assert _wrong(world) == 0


def test_a_list_that_comes_in_twice_counts_once(world: World):
    campaign = world.campaign(2, start=False)
    rows = [{"telefono": number(index)} for index in range(3)]
    assert world.call("POST", f"/campaigns/{campaign}/recipients", {"recipients": rows})["added"] == 1
    assert world.read(campaign)["progress"]["total"] == 3
    assert _wrong(world) == 0


def test_wrong_counts_are_put_right(world: World):
    campaign, other = world.campaign(3, start=False), world.campaign(1, start=False)
    database = world.services.database
    with database.writing() as session:
        session.execute(text("UPDATE campaign_counts SET recipients = recipients + 7"))
        session.execute(text("INSERT INTO campaign_counts SELECT id, 5, 'GONE', 2 FROM campaigns"))
    assert world.read(campaign)["progress"]["total"] == 12
    assert _wrong(world) == 4
    with database.reading() as session:
        assert progress.counts(session, find(session, campaign).id)["failed_by_code"] == {}
    assert (world.read(campaign)["progress"]["total"], world.read(other)["progress"]["total"]) == (3, 1)
    assert _wrong(world) == 0
