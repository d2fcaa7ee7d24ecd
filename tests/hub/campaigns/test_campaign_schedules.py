"""Schedules and tenants' settings as ticks meet them, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.hub.campaigns.campaign_world import NOON, Worker, World

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


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

    def test_pausing_or_editing_it_revokes(self, world: World, worker: Worker):
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
