"""The OpenAPI document is current, and the hub keeps to it whatever is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings

from hub_api.web import document, objects
from shared.transitions.session import SessionStatus

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
T = "/api/whatsapp/51"

schema = schemathesis.openapi.from_path(FILE)


def test_the_document_is_current():
    assert FILE.read_text("utf-8") == document.current(), "run: python -m hub_api.document docs/openapi.json"


def test_the_document_is_served_without_external_resources(client):
    assert client.get("/openapi.json").text == document.current()
    page = client.get("/openapi")
    assert page.mimetype == "text/html"
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_every_answer_is_as_documented(client, root, own):
    own(SessionStatus.READY)
    send = {"to": "5491123456789", "message": "hola"}
    sent = client.post(f"{T}/messages", headers=root, json=send).json
    bulk = client.post(f"{T}/messages/bulk", headers=root, json={"messages": [send, {}]}).json
    for model, answer in (
        (objects.SessionObject, client.get(f"{T}/status", headers=root).json),
        (objects.SessionObject, client.post(f"{T}/connect", headers=root).json),
        (objects.MessageObject, sent),
        (objects.MessageObject, client.get(f"{T}/messages/{sent['message_id']}?events=true", headers=root).json),
        (objects.MessageList, client.get(f"{T}/messages", headers=root).json),
        (objects.BulkAccepted, bulk),
        (objects.BulkProgress, client.get(f"{T}/messages/bulk/{bulk['bulk_id']}", headers=root).json),
        (objects.MessageReport, client.get(f"{T}/report", headers=root).json),
        (objects.HeldList, client.get(f"{T}/held", headers=root).json),
        (objects.HeldDone, client.post(f"{T}/held", headers=root, json={"action": "cancel"}).json),
        (objects.InboundList, client.get(f"{T}/inbound", headers=root).json),
        (objects.SessionList, client.get("/api/sessions", headers=root).json),
        (objects.QrAuthorizationObject, client.get(f"{T}/qr-authorization", headers=root).json),
        (objects.Health, client.get("/health").json),
        (objects.Readiness, client.get("/ready").json),
        (objects.Failure, client.get("/nothing").json),
    ):
        model.model_validate(answer)


@pytest.fixture
def wsgi(app, root):
    return app, root


@pytest.mark.filterwarnings("ignore")  # of schemathesis itself
@schema.parametrize()
@seed(20_240_601)
@hypothesis_settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_nothing_makes_it_fail(case, wsgi):
    app, root = wsgi
    case.query = {name: value for name, value in (case.query or {}).items() if name != "wait"} | {"wait": "0"}
    kwargs = case.as_transport_kwargs(base_url="http://localhost")
    answer = app.test_client().open(
        kwargs["url"].removeprefix("http://localhost"),
        method=kwargs["method"],
        headers={name: value for name, value in (kwargs.get("headers") or {}).items()} | root,
        query_string=kwargs.get("params"),
        data=kwargs.get("data"),
        json=kwargs.get("json"),
    )
    assert answer.status_code != 500, answer.text
    assert answer.status_code == 404 or "ok" in answer.json


def test_the_root_leads_to_the_document(client):
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/openapi")
    assert "&lt;br" not in client.get("/openapi").text
