"""QR codes, pairing codes and who may get them."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from shared.instant import now_ms
from shared.protocol.commands import PairingCodeAnswer
from shared.transitions.session import QrStatus, SessionStatus
from support.waiting import until

URL = "/api/whatsapp/51/qr"
CODE = "2@abc,def,ghi"


def _code(**changes):
    fields = {"qr_status": QrStatus.GENERATED, "qr_string": CODE, "qr_expires_at": now_ms() + 20_000}
    return fields | changes


def test_a_valid_code_is_answered_in_every_form(client, maria, own):
    own(SessionStatus.QR_REQUIRED, **_code())

    as_json = client.get(URL, headers=maria)
    as_png = client.get(URL, headers=maria | {"Accept": "image/png"})
    as_text = client.get(URL, headers=maria | {"Accept": "text/plain"})

    assert as_json.json["qr_string"] == CODE
    assert as_json.json["qr"].startswith("data:image/png;base64,")
    assert as_json.json["qr_expires_at"].endswith("Z")
    assert as_png.data.startswith(b"\x89PNG")
    assert "█" in as_text.text
    assert as_json.headers["Cache-Control"] == "no-store"


def test_none_yet_starts_the_session_and_answers_202(client, maria, services):
    answer = client.get(f"{URL}?wait=0", headers=maria)

    assert (answer.status_code, answer.json["status"]) == (202, "DISCONNECTED")
    assert services.client.hexists(services.keys.wanted, "51")


def test_a_waiting_call_gets_the_code_once_it_is_there(app, maria, own, server, keys):
    owner = own(SessionStatus.INIT)
    answers = []

    def ask():
        answers.append(app.test_client().get(f"{URL}?wait=20", headers=maria))

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: dict(server.pubsub_numsub(keys.changed_channel(51)))[keys.changed_channel(51)])
    owner.shows(SessionStatus.QR_REQUIRED, **_code())
    thread.join(timeout=10)

    assert (answers[0].status_code, answers[0].json["qr_string"]) == (200, CODE)


def test_beyond_the_cap_nobody_waits(client, maria, services):
    with ExitStack() as taken:
        for _ in range(services.settings.hub_max_waiting_per_tenant):
            taken.enter_context(services.waiting.place(51))
        answer = client.get(f"{URL}?wait=30", headers=maria)

    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("status", "fields", "http", "error"),
    [
        (SessionStatus.READY, {}, 409, "SESSION_ALREADY_CONNECTED"),
        (SessionStatus.ERROR, {"last_error_code": "ACCOUNT_BANNED"}, 500, "QR_GENERATION_FAILED"),
        (SessionStatus.ERROR, {"last_error_message": "se rompió"}, 500, "QR_GENERATION_FAILED"),
    ],
)
def test_a_session_without_a_code_says_why(client, maria, own, status, fields, http, error):
    own(status, **fields)

    answer = client.get(f"{URL}?wait=0", headers=maria)

    assert (answer.status_code, answer.json["error"]) == (http, error)
    if http == 500:
        assert answer.json["details"]["last_error_message"]


def test_while_syncing_the_status_comes_alone(client, maria, own):
    own(SessionStatus.AUTHENTICATED)

    assert client.get(URL, headers=maria).json == {"ok": True, "status": "AUTHENTICATED"}


def test_a_code_that_ran_out_is_renewed(client, maria, own, queued):
    own(SessionStatus.QR_REQUIRED, **_code(qr_expires_at=now_ms() - 1))

    answer = client.get(f"{URL}?wait=0", headers=maria)

    assert (answer.status_code, answer.json["qr_string"], answer.json["qr_status"]) == (202, None, "expired")
    assert [(task.name, task.kwargs) for task in queued()] == [
        ("session.connect", {"cliente_id": 51, "refresh_code": True})
    ]


def test_a_code_of_a_dead_owner_is_none(client, maria, own):
    own(SessionStatus.QR_REQUIRED, **_code()).gone()

    assert client.get(f"{URL}?wait=0", headers=maria).status_code == 202


def test_a_pairing_code_is_asked_of_the_worker(client, maria, own, answering):
    own(SessionStatus.QR_REQUIRED, **_code())
    taken = answering(PairingCodeAnswer("ABCD1234", 1_893_456_000_000))

    answer = client.post("/api/whatsapp/51/pairing-code", headers=maria, json={"phone_number": "11 2345-6789"})

    assert answer.json == {
        "ok": True,
        "status": "QR_REQUIRED",
        "code": "ABCD1234",
        "expires_at": "2030-01-01T00:00:00.000Z",
    }
    assert taken[0].name == "session.pairing_code"
    assert taken[0].kwargs["phone_number"].startswith("54")


def test_who_may_pair_is_an_admins_decision(client, maria, root, own):
    own(SessionStatus.QR_REQUIRED, **_code())
    url = "/api/whatsapp/51/qr-authorization"
    pairing = "/api/whatsapp/51/pairing-code"

    assert client.get(url, headers=root).json["allowed"] is True
    for body in ({"enabled": False}, {"enabled": True, "expires_at": "2020-01-01T00:00:00Z"}):
        assert client.put(url, headers=root, json=body).json["allowed"] is False
        assert client.get(URL, headers=maria).json["error"] == "QR_NOT_AUTHORIZED"
        refused = client.post(pairing, headers=maria, json={"phone_number": "5491123456789"})
        assert refused.status_code == 403
    assert client.delete(url, headers=root).json == {
        "ok": True,
        "cliente_id": 51,
        "enabled": True,
        "expires_at": None,
        "allowed": True,
        "recorded": False,
    }
    assert client.get(URL, headers=maria).status_code == 200
    for method in (client.get, client.delete):
        assert method(url, headers=maria).status_code == 403
    assert client.put(url, headers=maria, json={"enabled": True}).status_code == 403


def test_an_admins_authorization_makes_a_tenant_known(client, root):
    assert client.put("/api/whatsapp/77/qr-authorization", headers=root, json={"enabled": True}).status_code == 200
    assert client.get("/api/whatsapp/77/status", headers=root).status_code == 200
