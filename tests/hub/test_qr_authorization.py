"""A tenant that may not scan is handed no code, whatever it calls; an admin is."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import segno
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI

from hub_api.services import Services
from shared.instant import now_ms
from shared.protocol.commands import AskContact, AskPairingCode, AskStatus, PairingCodeAnswer, SessionStatusAnswer
from shared.transitions.session import QrStatus, SessionStatus
from support.owner import Owner

T = "/api/whatsapp/51"
AUTHORIZATION = f"{T}/qr-authorization"
CODE = "2@a-code,that-only,who-may-scan-sees"
FORBIDDEN: list[Any] = [
    pytest.param({"enabled": False}, id="disabled"),
    pytest.param({"enabled": True, "expires_at": "2020-01-01T00:00:00Z"}, id="expired"),
]
Headers = dict[str, str]


@pytest.fixture
def showing(own: Callable[..., Owner]) -> Owner:
    """A session that waits for its code to be scanned."""
    return own(SessionStatus.QR_REQUIRED, qr_status=QrStatus.GENERATED, qr_string=CODE, qr_expires_at=now_ms() + 60_000)


@pytest.fixture
def forbid(client: FlaskClient, root: Headers) -> Callable[[dict[str, object]], None]:
    def put(body: dict[str, object]) -> None:
        assert client.put(AUTHORIZATION, headers=root, json=body).json["allowed"] is False

    return put


def _calls(app: OpenAPI) -> Iterator[tuple[str, str]]:
    """Every method and path that the hub serves, of tenant 51."""
    values = {"cliente_id": "51", "instance_id": "sender_51"}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: values.get(found[1], "5491123456789"), rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, path


@pytest.mark.parametrize("body", FORBIDDEN)
def test_no_call_of_all_hands_it_out(
    app: OpenAPI,
    client: FlaskClient,
    services: Services,
    maria: Headers,
    showing: Owner,
    forbid: Callable[[dict[str, object]], None],
    body: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forbid(body)
    for question in (AskStatus, AskPairingCode, AskContact):
        monkeypatch.setattr(question, "within_s", 0.05)  # nobody answers them here
    forms = (CODE, segno.make_qr(CODE).png_data_uri(scale=8, border=4))
    calls = list(_calls(app))
    asked = {"wait": "0"}

    for accept in ("application/json", "image/png", "text/plain"):
        for method, path in calls:
            answer = client.open(
                path,
                method=method,
                headers=maria | {"Accept": accept},
                query_string=asked,
                json={"phone_number": "5491123456789"} if method != "GET" else None,
            )
            told = answer.get_data(as_text=True)
            assert not any(form in told for form in forms), (method, path)
            assert answer.mimetype != "image/png", (method, path)
            assert "█" not in told, (method, path)
            showing.shows(SessionStatus.QR_REQUIRED)
    assert {("GET", f"{T}/qr"), ("POST", "/connect"), ("GET", "/api/sessions"), ("POST", f"{T}/restart")} <= set(calls)


@pytest.mark.parametrize("body", FORBIDDEN)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{T}/qr"),
        ("POST", f"{T}/pairing-code"),
        ("GET", "/qr"),
        ("GET", "/qr-code"),
        ("POST", "/api/session-manager/sessions/sender_51/qr"),
    ],
)
def test_who_asks_for_a_code_is_refused(
    client: FlaskClient,
    maria: Headers,
    root: Headers,
    showing: Owner,
    forbid: Callable[[dict[str, object]], None],
    answering: Callable[..., object],
    body: dict[str, object],
    method: str,
    path: str,
) -> None:
    forbid(body)
    sent = {"phone_number": "5491123456789"} if method == "POST" else None

    refused = client.open(path, method=method, headers=maria, json=sent)
    assert (refused.status_code, refused.json["error"]) == (403, "QR_NOT_AUTHORIZED")

    if path.endswith("/pairing-code"):
        answering(PairingCodeAnswer("ABCD1234", 1_893_456_000_000))
    admins = client.open(path, method=method, headers=root | {"X-Cliente-Id": "51"}, json=sent)
    assert admins.status_code == 200, admins.text


@pytest.mark.parametrize("body", FORBIDDEN)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{T}/status"),
        ("POST", f"{T}/status"),
        ("POST", f"{T}/connect"),
        ("POST", f"{T}/restart"),
        ("GET", "/status"),
        ("GET", "/api/session-manager/sessions/sender_51"),
        ("GET", "/api/sessions"),
    ],
)
def test_a_session_object_is_without_its_code(
    client: FlaskClient,
    maria: Headers,
    root: Headers,
    showing: Owner,
    forbid: Callable[[dict[str, object]], None],
    answering: Callable[..., object],
    body: dict[str, object],
    method: str,
    path: str,
) -> None:
    def seen(headers: Headers) -> list[Any]:
        if (method, path) == ("POST", f"{T}/status"):
            answering(SessionStatusAnswer(showing.snapshot))
        answer = client.open(path, method=method, headers=headers)
        assert answer.status_code < 300, answer.text
        found = answer.json.get("items", [answer.json])
        return [one["qr_string"] for one in found if one["cliente_id"] == 51]

    assert seen(maria) == [CODE]
    forbid(body)
    assert seen(maria) == [None]
    assert seen(root | {"X-Cliente-Id": "51"} if path == "/status" else root) == [CODE]


def test_it_is_taken_back_while_a_caller_waits(
    app: OpenAPI,
    maria: Headers,
    own: Callable[..., Owner],
    forbid: Callable[[dict[str, object]], None],
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = own(SessionStatus.INIT)
    listen = services.waiting.listen

    def forbidden_meanwhile(cliente_id: int, deadline: float, look: Callable[[], Any]) -> Any:
        forbid({"enabled": False})
        owner.shows(
            SessionStatus.QR_REQUIRED, qr_status=QrStatus.GENERATED, qr_string=CODE, qr_expires_at=now_ms() + 60_000
        )
        return listen(cliente_id, deadline, look)

    monkeypatch.setattr(services.waiting, "listen", forbidden_meanwhile)
    answer = app.test_client().get(f"{T}/qr?wait=10", headers=maria)

    assert answer.json["error"] == "QR_NOT_AUTHORIZED"
    assert base64.b64encode(CODE.encode()).decode() not in answer.text
