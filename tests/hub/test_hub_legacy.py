"""Calls that existing callers already make."""

from __future__ import annotations

import threading

import pytest

from hub_api.older import send as older_send
from shared.instant import now_ms
from shared.transitions.session import QrStatus, SessionStatus
from support.waiting import until

BODY = {"cliente_id": 51, "to": "5491123456789", "message": "hola"}
QR = {"qr_status": QrStatus.GENERATED, "qr_string": "2@abc", "qr_expires_at": now_ms() + 86_400_000}


def test_status_by_header_or_token(client, maria, root):
    assert client.get("/status", headers=maria).json["cliente_id"] == 51
    assert client.get("/status", headers=root | {"X-Cliente-Id": "52"}).json["cliente_id"] == 52


@pytest.mark.parametrize(
    ("header", "query", "status", "code"),
    [
        (None, "", 400, "MISSING_HEADER"),
        ("x", "", 400, "INVALID_HEADER"),
        ("0", "", 400, "INVALID_HEADER"),
        ("51", "?cliente_id=52", 400, "VALIDATION_ERROR"),
        ("99", "", 404, "SESSION_NOT_FOUND"),
    ],
)
def test_failures_carry_both_shapes(client, root, header, query, status, code):
    headers = root | ({"X-Cliente-Id": header} if header is not None else {})
    answer = client.get(f"/status{query}", headers=headers)

    assert answer.status_code == status
    assert (answer.json["ok"], answer.json["success"]) == (False, False)
    assert answer.json["error"] == answer.json["code"] == code


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("DELETE", "/status", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/send", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/api/session-manager/sessions/sender_51", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/sender/message", 404, "NOT_FOUND"),
        ("GET", "/api/session-manager/session", 404, "NOT_FOUND"),
        ("POST", "/send", 400, "VALIDATION_ERROR"),
    ],
)
def test_failures_beside_the_older_calls_carry_both_shapes(client, maria, method, path, status, code):
    answer = client.open(path, method=method, headers=maria)

    assert answer.status_code == status
    assert (answer.json["ok"], answer.json["success"]) == (False, False)
    assert answer.json["error"] == answer.json["code"] == code


def test_failures_of_other_calls_stay_as_they_are(client, maria):
    for method, path in (("DELETE", "/api/sessions"), ("GET", "/api/nothing"), ("GET", "/api/whatsapp/99/status")):
        assert set(client.open(path, method=method, headers=maria).json) <= {"ok", "error", "message", "details"}


def test_another_tenant_is_forbidden(client, maria):
    for method, path, body in (("GET", "/status", None), ("POST", "/connect", None), ("POST", "/send", BODY)):
        headers = maria | ({"X-Cliente-Id": "52"} if body is None else {})
        answer = client.open(path, method=method, headers=headers, json=body and body | {"cliente_id": 52})
        assert (answer.status_code, answer.json["error"]) == (403, "FORBIDDEN")
    assert client.get("/status").status_code == 401


def test_qr_is_there_or_not(client, maria, own):
    assert client.get("/qr", headers=maria).json["status"] == "NO_QR"
    owner = own(SessionStatus.QR_REQUIRED, **QR)
    for path in ("/qr", "/qr-code"):
        answer = client.get(path, headers=maria).json
        assert answer["status"] == "QR_AVAILABLE"
        assert answer["qr"].startswith("data:image/png")
    owner.shows(SessionStatus.READY)
    assert client.get("/qr", headers=maria).json["status"] == "NO_QR"
    assert client.get("/qr-code", headers=maria).json["error"] == "QR_NOT_REQUIRED"


def test_connect_and_disconnect_answer_at_once(client, maria, own, services):
    first = client.post("/connect", headers=maria)
    own(SessionStatus.READY)
    again = client.post("/connect", headers=maria, json={"cliente_id": 51})
    ended = client.post("/disconnect", headers=maria)

    assert (first.status_code, first.json["alreadyConnected"]) == (200, False)
    assert (again.json["alreadyConnected"], again.json["state"]) == (True, "READY")
    assert (ended.status_code, ended.json["success"]) == (200, True)
    assert not services.client.hexists(services.keys.wanted, "51")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cliente_id": "51"}, "INVALID_CLIENTE_ID"),
        ({"cliente_id": None}, "INVALID_CLIENTE_ID"),
        ({"cliente_id": 0}, "INVALID_CLIENTE_ID"),
        ({"to": "x"}, "INVALID_TO"),
        ({"to": 3}, "INVALID_TO"),
        ({"message": ""}, "INVALID_MESSAGE"),
        ({"message": None}, "INVALID_MESSAGE"),
    ],
)
def test_a_bad_send(client, maria, change, code):
    answer = client.post("/send", headers=maria, json=BODY | change)

    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_a_send_that_is_not_ready(client, maria):
    answer = client.post("/send", headers=maria, json=BODY)

    assert (answer.status_code, answer.json["error"]) == (503, "SESSION_NOT_READY")


@pytest.fixture
def sending(app, maria, queued):
    """Starts a synchronous send and waits until it is queued; returns how to get its answer."""

    def start(**headers):
        answers = []
        thread = threading.Thread(
            target=lambda: answers.append(app.test_client().post("/send", headers=maria | headers, json=BODY))
        )
        thread.start()
        until(queued)

        def finish():
            thread.join(timeout=20)
            return answers[0]

        return finish

    return start


def test_a_synchronous_send_that_goes_out(sending, own):
    owner = own(SessionStatus.READY)
    finish = sending()
    message = owner.claim()
    owner.put_key(message, "wa-1")
    owner.acknowledge(message, whatsapp_id="wa-1")
    answer = finish()

    assert (answer.status_code, answer.json["success"], answer.json["message"]) == (200, True, "Message sent")
    assert answer.json["data"]["messageId"] == "wa-1"
    assert answer.json["data"]["to"] == BODY["to"]


def test_a_synchronous_send_that_failed_for_certain(sending, own):
    owner = own(SessionStatus.READY)
    finish = sending()
    assert owner.fail_next("NOT_ON_WHATSAPP")
    answer = finish()

    assert (answer.status_code, answer.json["error"], answer.json["certain"]) == (500, "SEND_FAILED", True)
    assert answer.json["details"]["cause"] == "NOT_ON_WHATSAPP"


@pytest.mark.parametrize("claimed", [False, True])
def test_when_time_is_up_the_answer_says_whether_it_is_certain(client, maria, own, services, monkeypatch, claimed):
    owner = own(SessionStatus.READY)

    def settled(_services, message, seconds, _place):
        if claimed:
            owner.put_key(owner.claim())
        return services.ledger.entries.read(message.message_id)

    monkeypatch.setattr(older_send, "until_ended", settled)
    answer = client.post("/send", headers=maria, json=BODY)

    assert (answer.status_code, answer.json["error"]) == (504, "SESSION_MANAGER_TIMEOUT")
    assert answer.json["certain"] is not claimed
    status = services.ledger.entries.read(answer.json["message_id"]).status.value
    assert status == ("sending" if claimed else "cancelled")


def test_sessions_that_are_ready(client, maria, root, own):
    own(SessionStatus.READY)
    own(SessionStatus.QR_REQUIRED, 52)

    for headers in (maria, root, root | {"X-Cliente-Id": "51"}):
        answer = client.get("/sessions", headers=headers).json
        assert (answer["sessions"], answer["count"]) == (["51"], 1)
    assert client.get("/sessions", headers=root | {"X-Cliente-Id": "52"}).json["count"] == 0
    assert client.get("/sessions", headers=maria | {"X-Cliente-Id": "52"}).json["code"] == "FORBIDDEN"


def test_the_sender_sends_from_its_own_session(client, maria, own):
    own(SessionStatus.READY)
    answer = client.post("/sender/messages", headers=maria, json={"destinatario": "5491123456789", "mensaje": "hola"})

    assert answer.status_code == 201
    assert set(answer.json) == {"id", "destinatario", "estado", "fecha"}
    assert answer.json["estado"] == "pendiente"
    for body, code in (
        ({"destinatario": "x", "mensaje": "y"}, "INVALID_TO"),
        ({"destinatario": "5491123456789"}, "INVALID_MESSAGE"),
    ):
        assert client.post("/sender/messages", headers=maria, json=body).json["code"] == code


def test_instances_by_their_older_name(client, maria, own):
    url = "/api/session-manager/sessions/sender_51"
    own(SessionStatus.QR_REQUIRED, **QR)

    assert client.get(url, headers=maria).json["instance_id"] == "sender_51"
    assert client.post(f"{url}/qr", headers=maria).json["qr_string"] == "2@abc"
    assert client.get("/api/session-manager/sessions/sender_52", headers=maria).status_code == 403
    for wrong in ("51", "sender_0", "sender_x", "sender_99999999999"):
        answer = client.get(f"/api/session-manager/sessions/{wrong}", headers=maria)
        assert (answer.status_code, answer.json["code"]) == (404, "SESSION_NOT_FOUND")
