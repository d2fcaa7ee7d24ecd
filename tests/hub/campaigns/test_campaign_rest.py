"""Campaigns, schedules and opt-outs over REST: lists, templates, whose they are, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub_api.campaigns import objects
from hub_api.campaigns.lifecycle import objects as of_campaigns
from hub_api.campaigns.optouts import objects as of_optouts
from hub_api.campaigns.recipients import objects as of_recipients
from hub_api.campaigns.schedules import objects as of_schedules
from hub_api.campaigns.tenants import objects as of_tenants
from shared.settings import Settings
from tests.hub.campaigns.campaign_world import World, number

LIST = """teléfono;nombre;ciudad
11 2345-6789;Ana;Rosario
no es;Bruno;Salta
+54 9 11 2345 6780;;Jujuy
+5491123456780;Carla;
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With the delays that an installation has where nobody says otherwise."""
    return settings.model_copy(update={"send_delay_min_seconds": 30, "send_delay_max_seconds": 90})


def test_a_preview_before_anything_is_stored(world: World):
    body = {"csv": LIST, "templates": ["Hola {nombre|amigo} de {ciudad}"]}
    found = world.call("POST", "/campaigns/preview", body)

    assert (found["rows"], found["good"], found["merged"], found["rejected"]) == (4, 2, 1, 1)
    assert found["errors"][0]["line"] == 3
    assert (found["errors"][0]["column"], found["errors"][0]["error"]) == ("telefono", "INVALID_TO")
    assert [item["message"] for item in found["preview"]] == ["Hola Ana de Rosario", "Hola Carla de Jujuy"]
    assert world.call("GET", "/campaigns")["items"] == []
    unknown = world.call("POST", "/campaigns/preview", body | {"templates": ["{edad}"]}, 400)
    assert "unknown variable {edad}" in unknown["details"]["templates"]


def test_an_unknown_variable_is_an_error_when_the_campaign_is_saved(world: World):
    body = {"name": "x", "templates": ["Hola {ciudad|x}"]}
    refused = world.call("POST", "/campaigns", body, 400)
    assert (refused["error"], "{ciudad}" in refused["details"]["templates"]) == ("VALIDATION_ERROR", True)
    assert world.call("POST", "/campaigns", body | {"columns": ["Ciudad"]}, 201)["columns"] == ["ciudad"]


def test_importing_csv_twice_adds_nothing_and_bad_rows_are_told(world: World):
    campaign = world.campaign(0, start=False, templates=["{nombre|amigo} {ciudad|aquí}"], columns=["ciudad"])
    path = f"/api/campaigns/{campaign}/recipients"
    kind = {"content_type": "text/csv", "headers": world.tenant}
    dry = world.client.post(f"{path}?dry_run=true", data=LIST.encode(), **kind).json
    assert (dry["good"], dry["preview"][0]["message"]) == (2, "Ana Rosario")
    assert world.read(campaign)["progress"]["total"] == 0
    first = world.client.post(path, data=LIST.encode(), **kind).json
    assert (first["added"], first["known"], first["rejected"]) == (2, 0, 1)
    again = world.client.post(path, data=LIST.encode(), **kind).json
    assert (again["added"], again["known"]) == (0, 2)
    assert world.read(campaign)["import"] == {"done": 2, "total": 2}
    [one, _] = world.call("GET", f"/campaigns/{campaign}/recipients?limit=2")["items"]
    assert one["variables"] == {"nombre": "Ana", "ciudad": "Rosario"}
    shown = world.call("GET", f"/campaigns/{campaign}/recipients/{one['recipient_id']}/preview")
    assert shown["message"] == "Ana Rosario"
    for data, code in ((b"nombre\nx\n", 400), (b"", 400)):
        assert world.client.post(path, data=data, **kind).status_code == code
    assert world.client.post(path, data=b"x", content_type="text/plain", headers=world.tenant).status_code == 415


def test_never_an_empty_hole(world: World):
    campaign = world.campaign(0, start=False, templates=["Hola {nombre}"])
    rows = {"recipients": [{"telefono": number(0)}, {"telefono": number(1), "nombre": "Ana"}]}
    found = world.call("POST", f"/campaigns/{campaign}/recipients", rows)
    assert (found["added"], found["errors"][0]["error"]) == (1, "EMPTY_VARIABLE")
    # a template that is changed later is held against everybody who is in
    other = world.campaign(0, start=False, templates=["Hola"])
    world.call("POST", f"/campaigns/{other}/recipients", rows)
    refused = world.call("PUT", f"/campaigns/{other}", {"templates": ["Hola {nombre}"]}, 400)
    assert "recipient 1" in refused["details"]["templates"]
    assert world.call("PUT", f"/campaigns/{other}", {"templates": ["Hola {nombre|amigo}"]})["templates"]


def test_what_is_refused_in_which_state(world: World):
    campaign = world.campaign(1, start=False)
    world.call("POST", f"/campaigns/{campaign}/pause", expect=409)
    world.call("POST", f"/campaigns/{campaign}/start")
    for method, path, body in (
        ("POST", "start", None),
        ("POST", "recipients", {"recipients": [{"telefono": number(9)}]}),
        ("PUT", "", {"name": "y"}),
    ):
        refused = world.call(method, f"/campaigns/{campaign}/{path}".rstrip("/"), body, 409)
        assert refused["error"] == "INVALID_STATE"
    world.call("POST", f"/campaigns/{campaign}/cancel")
    for action in ("start", "pause", "resume", "cancel", "put-back"):
        world.call("POST", f"/campaigns/{campaign}/{action}", expect=409)
    empty = world.campaign(0, start=False)
    world.call("POST", f"/campaigns/{empty}/start", expect=409)
    bare = world.call("POST", "/campaigns", {"name": "x", "templates": ["x"]}, 201)["campaign_id"]
    assert world.call("POST", f"/campaigns/{bare}/start", expect=409)["details"] == {"schedule": "none"}


@pytest.mark.parametrize(
    "changes",
    [
        {"weekdays": []}, {"weekdays": [7]}, {"start": "9"}, {"start": "24:00"}, {"end": "00:00"}, {"end": "25:00"},
        {"start": "09:00", "end": "09:00"}, {"first_day": "2026-13-01"}, {"daily_quota": -1},
        {"first_day": "2026-02-02", "last_day": "2026-02-01"}, {"delay_min_seconds": 9, "delay_max_seconds": 1},
        {"delay_max_seconds": 1}, {"warmup": {"first": 0, "step": 1}}, {"name": ""},
    ],
)  # fmt: skip
def test_what_is_no_schedule(world: World, changes: dict[str, Any]):
    body = {"name": "x", "weekdays": [0], "start": "09:00", "end": "18:00"} | changes
    assert world.call("POST", "/schedules", body, 400)["error"] == "VALIDATION_ERROR"


def test_a_schedule_as_callers_see_it(world: World):
    body = {
        "name": "Oficina", "weekdays": [4, 0], "start": "09:00", "end": "18:30", "daily_quota": 80,
        "warmup": {"first": 20, "step": 10},
    }  # fmt: skip
    found = world.call("POST", "/schedules", body, 201)
    assert (found["state"], found["weekdays"], found["end"]) == ("pendiente", [0, 4], "18:30")
    assert (found["delay_min_seconds"], found["delay_max_seconds"]) == (30, 90)
    assert found["warmup"]["since"]
    of_schedules.ScheduleObject.model_validate(found)


PATHS = ("GET", ""), ("PUT", ""), ("POST", "/start"), ("POST", "/recipients"), ("GET", "/results"), ("GET", "/audit")


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_another_tenants_campaign_is_not_found(world: World, token_of: Any, method: str, path: str):
    campaign = world.campaign(1, start=False)
    other = {"Authorization": f"Bearer {token_of('pedro')}"}
    body = {"name": "x"} if method == "PUT" else None
    world.call(method, f"/campaigns/{campaign}{path}", body, 404, headers=other)
    world.call(method, f"/campaigns/{campaign}{path}", body, 403, headers=other | {"X-Cliente-Id": "51"})
    world.call("GET", f"/campaigns/{campaign}", headers=world.admin)
    world.call("GET", f"/campaigns/{campaign}", expect=404, headers=world.admin | {"X-Cliente-Id": "52"})


@pytest.mark.parametrize("path", ["campaigns", "optouts", "campaigns/settings"])
def test_another_tenant_is_forbidden(world: World, path: str):
    world.call("GET", f"/{path}?cliente_id=52", expect=403)
    world.call("GET", f"/{path}?cliente_id=52", headers=world.admin)
    assert world.client.get(f"/api/{path}").status_code == 401


def test_schedules_and_switches_of_others(world: World, token_of: Any):
    schedule = world.schedule()
    other = {"Authorization": f"Bearer {token_of('pedro')}"}
    world.call("GET", f"/schedules/{schedule}", expect=404, headers=other)
    world.call("POST", f"/schedules/{schedule}/pause", expect=404, headers=other)
    body = {"name": "x", "templates": ["x"], "schedule_id": schedule}
    world.call("POST", "/campaigns", body, 404, headers=other)
    world.call("PUT", "/campaigns/switch", {"enabled": False, "cliente_id": 52}, 403)
    assert world.call("GET", "/schedules", headers=other)["items"] == []


def test_lists_have_cursors(world: World):
    made = [world.campaign(0, start=False) for _ in range(3)]
    first = world.call("GET", "/campaigns?limit=2")
    rest = world.call("GET", f"/campaigns?limit=2&cursor={first['next']}")
    assert [item["campaign_id"] for item in first["items"] + rest["items"]] == made[::-1]
    world.call("POST", "/optouts", {"numbers": [number(index) for index in range(3)]}, 201)
    first = world.call("GET", "/optouts?limit=2")
    rest = world.call("GET", f"/optouts?limit=2&cursor={first['next']}")
    assert len(first["items"] + rest["items"]) == 3
    assert rest["next"] is None


def test_a_result_never_holds_a_formula(world: World):
    campaign = world.campaign(0, start=False)
    rows = {"recipients": [{"telefono": number(0), "nombre": "=1+1"}]}
    world.call("POST", f"/campaigns/{campaign}/recipients", rows)
    text = world.client.get(f"/api/campaigns/{campaign}/results", headers=world.tenant).text
    assert ",'=1+1" in text


def test_answers_are_as_documented(world: World):
    campaign = world.campaign(2)
    world.call("POST", "/optouts", {"numbers": [number(0)]}, 201)
    for model, answer in (
        (of_campaigns.CampaignObject, world.read(campaign)),
        (of_campaigns.CampaignList, world.call("GET", "/campaigns")),
        (of_recipients.RecipientList, world.call("GET", f"/campaigns/{campaign}/recipients?state=pending")),
        (objects.AuditList, world.call("GET", f"/campaigns/{campaign}/audit")),
        (of_tenants.TenantCampaignSettings, world.call("GET", "/campaigns/settings")),
        (of_tenants.SwitchState, world.call("GET", "/campaigns/switch")),
        (of_schedules.ScheduleList, world.call("GET", "/schedules")),
        (of_optouts.OptOutList, world.call("GET", "/optouts")),
    ):
        model.model_validate(answer)
    forecast = world.read(campaign)
    assert (forecast["waiting_for"], forecast["expected_end"] is not None) == ("session_not_ready", True)
    assert json.dumps(forecast)
