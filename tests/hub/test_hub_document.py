"""The OpenAPI document is current and served, and answers are as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urljoin

from hub_api import document
from hub_api.authorizations.objects import QrAuthorizationObject
from hub_api.bulk.objects import BulkAccepted, BulkProgress
from hub_api.health.objects import Health, Readiness
from hub_api.inbox.objects import InboundList
from hub_api.messages.objects import MessageList, MessageObject
from hub_api.review.objects import HeldDone, HeldList, MessageReport
from hub_api.sessions.objects import SessionList, SessionObject
from hub_api.web.answers import Failure
from shared.transitions.session import SessionStatus

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
T = "/api/whatsapp/51"


def test_the_document_is_current():
    assert FILE.read_text("utf-8") == document.current(), "run: python -m hub_api.document docs/openapi.json"


def test_a_tenant_in_a_path_is_a_number():
    found = [
        (path, parameter["schema"])
        for path, methods in json.loads(document.current())["paths"].items()
        for method in methods.values()
        for parameter in method.get("parameters", [])
        if (parameter["in"], parameter["name"]) == ("path", "cliente_id")
    ]

    assert len(found) > 20
    for path, schema in found:
        assert (schema["type"], schema["minimum"], schema["maximum"]) == ("integer", 1, 2_147_483_647), path


def test_the_document_is_served_with_a_page_that_loads_nothing_from_elsewhere(client):
    assert client.get("/openapi.json").text == document.current()
    page = client.get("/openapi", follow_redirects=True)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert '"validatorUrl": null' in page.text  # else each visit asks a validator on the Internet
    loaded = re.findall(r'(?:src=|href=|new URL\()"([^"]+)"', page.text)
    assert len(loaded) == 5
    assert "/openapi.json" in [urljoin(page.request.path, path) for path in loaded]
    for path in loaded:
        with client.get(urljoin(page.request.path, path)) as answer:
            assert answer.status_code == 200, path


def test_every_answer_is_as_documented(client, root, own):
    own(SessionStatus.READY)
    send = {"to": "5491123456789", "message": "hola"}
    sent = client.post(f"{T}/messages", headers=root, json=send).json
    bulk = client.post(f"{T}/messages/bulk", headers=root, json={"messages": [send, {}]}).json
    for model, answer in (
        (SessionObject, client.get(f"{T}/status", headers=root).json),
        (SessionObject, client.post(f"{T}/connect", headers=root).json),
        (MessageObject, sent),
        (MessageObject, client.get(f"{T}/messages/{sent['message_id']}?events=true", headers=root).json),
        (MessageList, client.get(f"{T}/messages", headers=root).json),
        (BulkAccepted, bulk),
        (BulkProgress, client.get(f"{T}/messages/bulk/{bulk['bulk_id']}", headers=root).json),
        (MessageReport, client.get(f"{T}/report", headers=root).json),
        (HeldList, client.get(f"{T}/held", headers=root).json),
        (HeldDone, client.post(f"{T}/held", headers=root, json={"action": "cancel"}).json),
        (InboundList, client.get(f"{T}/inbound", headers=root).json),
        (SessionList, client.get("/api/sessions", headers=root).json),
        (QrAuthorizationObject, client.get(f"{T}/qr-authorization", headers=root).json),
        (Health, client.get("/health").json),
        (Readiness, client.get("/ready").json),
        (Readiness, client.get("/ready", headers=root).json),
        (Failure, client.get("/nothing").json),
    ):
        model.model_validate(answer)


def test_the_root_leads_to_the_document(client):
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/openapi")
