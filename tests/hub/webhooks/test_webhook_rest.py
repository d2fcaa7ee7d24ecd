"""Webhooks over REST: made, edited, deleted, tested, delivered again; never another tenant's, never a secret twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from receiver import Receiver, Reply

from hub_api.services import Services
from shared.instant import now_ms, to_iso

Make = Callable[..., dict[str, Any]]
Log = Callable[..., list[dict[str, Any]]]


def test_a_webhook_is_made_shown_and_deleted(make: Make, client: FlaskClient, maria: Any, receiver: Receiver) -> None:
    made = make(events=["message.received"], headers={"Authorization": "Bearer x"})
    assert made["secret"].startswith("whsec_")
    assert (made["cliente_id"], made["active"], made["events"]) == (51, True, ["message.received"])
    place = f"/api/webhooks/{made['webhook_id']}"

    shown = client.get(place, headers=maria).json
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert [one["webhook_id"] for one in client.get("/api/webhooks", headers=maria).json["items"]] == [
        made["webhook_id"]
    ]
    assert client.delete(place, headers=maria).json == {"ok": True}
    assert client.get(place, headers=maria).status_code == 404


def test_a_secret_is_answered_once(make: Make, client: FlaskClient, maria: Any, root: Any) -> None:
    made = make()
    place = f"/api/webhooks/{made['webhook_id']}"
    rotated = client.post(f"{place}/rotate-secret", headers=maria).json["secret"]
    client.post(f"{place}/test", headers=maria)
    for path in (place, "/api/webhooks", f"{place}/deliveries", "/api/audit?what=webhook"):
        answer = client.get(path, headers=root | {"X-Cliente-Id": "51"} if "audit" not in path else root)
        assert answer.status_code == 200
        assert made["secret"] not in answer.text
        assert rotated not in answer.text


def test_every_change_is_in_the_audit_trail(make: Make, client: FlaskClient, maria: Any, root: Any) -> None:
    made = make(headers={"Authorization": "Bearer private"})
    place = f"/api/webhooks/{made['webhook_id']}"
    client.patch(place, headers=maria, json={"url": "https://example.com/x"})
    client.post(f"{place}/rotate-secret", headers=maria)
    client.post(f"{place}/test", headers=maria)
    client.delete(place, headers=maria)

    found = client.get("/api/audit?what=webhook", headers=root)
    words = [line["what"] for line in found.json["items"]]
    assert words == [f"webhook.{word}" for word in ("delete", "test", "rotate_secret", "edit", "create")]
    assert {line["subject"] for line in found.json["items"]} == {made["webhook_id"]}
    assert "private" not in found.text


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "https://u:p@example.com"}, "url"),
        ({"url": ""}, "url"),
        ({"url": "https://example.com/" + "x" * 2_048}, "url"),
        ({"url": 7}, "url"),
        ({"events": ["message.sent"]}, "events"),
        ({"events": []}, "events"),
        ({"events": ["webhook.test"]}, "events"),
        ({"headers": {"Host": "x"}}, "headers"),
        ({"headers": {"content-length": "1"}}, "headers"),
        ({"headers": {"Webhook-Signature": "x"}}, "headers"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "headers"),
        ({"headers": {"X-A": "1\r\nX-B: 2"}}, "headers"),
        ({"headers": {"X A": "1"}}, "headers"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "headers"),
        ({"headers": {"X-A": 1}}, "headers"),
        ({"headers": {f"X-{number}": "1" for number in range(21)}}, "headers"),
        ({"active": "yes"}, "active"),
    ],
)
def test_bad_input_names_the_field(
    client: FlaskClient, maria: Any, make: Make, fields: dict[str, Any], named: str
) -> None:
    place = f"/api/webhooks/{make()['webhook_id']}"
    for answer in (
        client.post("/api/webhooks", headers=maria, json={"url": "https://example.com", **fields}),
        client.patch(place, headers=maria, json=fields),
    ):
        assert (answer.status_code, answer.json["error"]) == (400, "VALIDATION_ERROR")
        assert all(name.startswith(named) for name in answer.json["details"])


def test_null_is_no_value_but_for_events(client: FlaskClient, maria: Any, make: Make) -> None:
    place = f"/api/webhooks/{make(events=['session.qr'])['webhook_id']}"
    for name in ("url", "headers", "active"):
        answer = client.patch(place, headers=maria, json={name: None})
        assert (answer.status_code, list(answer.json["details"])) == (400, [name])
    assert client.patch(place, headers=maria, json={"events": None}).json["events"] is None


def test_a_webhook_of_another_tenant_does_not_exist(
    client: FlaskClient, make: Make, token_of: Callable[[str], str]
) -> None:
    place = f"/api/webhooks/{make()['webhook_id']}"
    pedro = {"Authorization": f"Bearer {token_of('pedro')}"}
    calls = [
        client.get(place, headers=pedro),
        client.patch(place, headers=pedro, json={"active": False}),
        client.delete(place, headers=pedro),
        client.get(f"{place}/deliveries", headers=pedro),
        client.post(f"{place}/test", headers=pedro),
        client.post(f"{place}/rotate-secret", headers=pedro),
        client.post(f"{place}/replay", headers=pedro, json={"failed_since": "2020-01-01T00:00:00Z"}),
    ]
    assert {answer.status_code for answer in calls} == {404}
    assert client.get("/api/webhooks", headers=pedro).json["items"] == []
    assert client.get("/api/webhooks", headers=pedro | {"X-Cliente-Id": "51"}).status_code == 403
    assert (
        client.post("/api/webhooks", headers=pedro, json={"url": "https://x.example", "cliente_id": 51}).status_code
        == 403
    )


def test_a_tenant_has_so_many_and_no_more(make: Make, client: FlaskClient, maria: Any) -> None:
    for _ in range(20):
        make()
    answer = client.post("/api/webhooks", headers=maria, json={"url": "https://example.com"})
    assert (answer.status_code, list(answer.json["details"])) == (400, ["url"])


def test_a_list_has_pages(make: Make, client: FlaskClient, maria: Any) -> None:
    ids = [make()["webhook_id"] for _ in range(3)]
    first = client.get("/api/webhooks?limit=2", headers=maria).json
    second = client.get(f"/api/webhooks?limit=2&cursor={first['next']}", headers=maria).json
    assert [one["webhook_id"] for one in first["items"] + second["items"]] == ids
    assert second["next"] is None


def test_a_test_is_delivered_whatever_was_asked_for(
    make: Make, client: FlaskClient, maria: Any, work: Callable[[], int], receiver: Receiver, log: Log
) -> None:
    made = make(events=["session.qr"])
    place = f"/api/webhooks/{made['webhook_id']}"
    asked = client.post(f"{place}/test", headers=maria)
    assert (asked.status_code, asked.json["type"], asked.json["status"]) == (202, "webhook.test", "waiting")
    work()
    body = json.loads(receiver.received[0].body)
    assert (body["type"], body["id"], body["data"]["webhook_id"]) == (
        "webhook.test",
        asked.json["delivery_id"],
        made["webhook_id"],
    )
    assert log(made["webhook_id"])[0]["status"] == "delivered"
    client.patch(place, headers=maria, json={"active": False})
    assert client.post(f"{place}/test", headers=maria).status_code == 409


def _fail(
    make: Make, receive: Callable[..., str], work: Callable[[], int], later: Callable[[int], None], receiver: Receiver
) -> str:
    """Three chats' messages that failed for good, and one that was delivered; the webhook's id."""
    made = make()
    receive("5491187654300", "bien")
    work()
    receiver.reply = lambda got: Reply(500)
    for number in range(3):
        receive(f"549118765431{number}", f"mal {number}")
    for _ in range(30):
        if not work():
            later(43_200_000)
    receiver.reply = lambda got: Reply()
    receiver.received.clear()
    return str(made["webhook_id"])


@pytest.fixture
def failed(make: Make, receive: Any, work: Any, later: Any, receiver: Receiver) -> str:
    return _fail(make, receive, work, later, receiver)


def test_one_delivery_is_made_again_under_its_id(
    failed: str, client: FlaskClient, maria: Any, log: Log, work: Callable[[], int], receiver: Receiver
) -> None:
    found = log(failed)
    assert [one["status"] for one in found] == ["delivered", "failed", "failed", "failed"]
    for one in found[:2]:
        answer = client.post(f"/api/webhooks/{failed}/replay", headers=maria, json={"delivery_id": one["delivery_id"]})
        assert (answer.status_code, answer.json) == (202, {"ok": True, "replayed": 1})
    assert work() == 2
    assert [got.headers["webhook-id"] for got in receiver.received] == [one["delivery_id"] for one in found[:2]]
    assert [one["status"] for one in log(failed)] == ["delivered", "delivered", "failed", "failed"]


def test_all_that_failed_since_are_made_again(
    failed: str, client: FlaskClient, maria: Any, log: Log, work: Callable[[], int], receiver: Receiver
) -> None:
    later_than_all = to_iso(now_ms() + 60_000)
    none = client.post(f"/api/webhooks/{failed}/replay", headers=maria, json={"failed_since": later_than_all})
    assert none.json["replayed"] == 0
    some = client.post(f"/api/webhooks/{failed}/replay", headers=maria, json={"failed_since": "2020-01-01T00:00:00Z"})
    assert some.json["replayed"] == 3
    assert work() == 3
    assert {one["status"] for one in log(failed)} == {"delivered"}
    assert sorted(json.loads(got.body)["data"]["message"] for got in receiver.received) == ["mal 0", "mal 1", "mal 2"]


def test_a_span_is_made_again_whatever_became_of_it(
    failed: str, client: FlaskClient, maria: Any, work: Callable[[], int], receiver: Receiver
) -> None:
    span = {"from": "2020-01-01T00:00:00Z", "until": to_iso(now_ms() + 60_000)}
    assert client.post(f"/api/webhooks/{failed}/replay", headers=maria, json=span).json["replayed"] == 4
    assert work() == 4


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"from": "2026-01-01T00:00:00Z"},
        {"until": "2026-01-01T00:00:00Z"},
        {"delivery_id": "1", "failed_since": "2026-01-01T00:00:00Z"},
        {"failed_since": "yesterday"},
        {"delivery_id": "not an id"},
    ],
)
def test_a_replay_says_what_is_meant(client: FlaskClient, maria: Any, make: Make, body: dict[str, Any]) -> None:
    place = f"/api/webhooks/{make()['webhook_id']}"
    assert client.post(f"{place}/replay", headers=maria, json=body).status_code == 400


def test_what_does_not_exist_can_not_be_made_again(client: FlaskClient, maria: Any, make: Make) -> None:
    place = f"/api/webhooks/{make()['webhook_id']}"
    assert client.post(f"{place}/replay", headers=maria, json={"delivery_id": "123"}).status_code == 404
    client.patch(place, headers=maria, json={"active": False})
    assert client.post(f"{place}/replay", headers=maria, json={"delivery_id": "123"}).status_code == 409


def test_one_that_is_set_inactive_gives_up_what_waits_and_can_begin_anew(
    make: Make,
    receive: Callable[..., str],
    work: Callable[[], int],
    client: FlaskClient,
    maria: Any,
    receiver: Receiver,
    log: Log,
) -> None:
    made = make()
    place = f"/api/webhooks/{made['webhook_id']}"
    receiver.reply = lambda got: Reply(500)
    receive()
    work()
    client.patch(place, headers=maria, json={"active": False})
    assert [(one["status"], one["error"]) for one in log(made["webhook_id"])] == [("failed", "DISABLED")]
    client.patch(place, headers=maria, json={"active": True})
    receiver.reply = lambda got: Reply()
    client.post(f"{place}/replay", headers=maria, json={"failed_since": "2020-01-01T00:00:00Z"})
    assert work() == 1
    assert log(made["webhook_id"])[0]["status"] == "delivered"


def test_deliveries_are_filtered(failed: str, log: Log, client: FlaskClient, maria: Any) -> None:
    assert len(log(failed, status="failed")) == 3
    assert len(log(failed, status="delivered")) == 1
    assert log(failed, type="session.qr") == []
    assert log(failed, until="2020-01-01T00:00:00Z") == []
    page = client.get(f"/api/webhooks/{failed}/deliveries?limit=3", headers=maria).json
    rest = client.get(f"/api/webhooks/{failed}/deliveries?limit=3&cursor={page['next']}", headers=maria).json
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)


def test_campaigns_and_optouts_are_told(
    make: Make, client: FlaskClient, maria: Any, work: Callable[[], int], receiver: Receiver, services: Services
) -> None:
    make(events=["optout.changed", "campaign.status"])
    client.post("/api/optouts", headers=maria, json={"numbers": ["5491187654321"]})
    client.delete("/api/optouts/5491187654321", headers=maria)
    campaign = client.post("/api/campaigns", headers=maria, json={"name": "x", "templates": ["hola"]}).json
    client.post(f"/api/campaigns/{campaign['campaign_id']}/cancel", headers=maria)
    work()
    work()

    told = [json.loads(got.body) for got in receiver.received]
    optouts = [one["data"] for one in told if one["type"] == "optout.changed"]
    assert [(one["number"], one["opted_out"]) for one in optouts] == [("5491187654321", True), ("5491187654321", False)]
    campaigns = [one["data"] for one in told if one["type"] == "campaign.status"]
    assert [(one["campaign_id"], one["state"]) for one in campaigns] == [(campaign["campaign_id"], "cancelada")]
