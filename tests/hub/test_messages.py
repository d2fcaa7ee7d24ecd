"""Sending, following and cancelling messages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI

from hub_api.services import Services
from shared.transitions.session import SessionStatus
from support.owner import Owner
from support.queued_task import Task
from support.waiting import until

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/messages"
HELLO = {"to": "+54 9 11 2345-6789", "message": "hola ñandú 🦙"}
LATER = HELLO | {"on_not_ready": "queue"}


def test_a_message_is_accepted_in_one_step(
    client: FlaskClient, maria: dict[str, str], own: Callable[..., Owner], queued: Callable[..., list[Task]]
) -> None:
    own(SessionStatus.READY)

    answer = client.post(URL, headers=maria, json=HELLO)

    assert answer.status_code == 202
    message = answer.json
    assert (message["to"], message["status"], message["lane"]) == ("5491123456789", "queued", "single")
    assert message["message"] == HELLO["message"]
    assert message["whatsapp_id"] is None
    [task] = queued()
    assert (task.name, task.headers["id"]) == ("session.notify", message["message_id"])
    assert task.kwargs == {"cliente_id": 51, "message_id": message["message_id"]}
    seen = client.get(f"{URL}/{message['message_id']}", headers=maria).json
    assert seen == message


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (None, "WhatsApp desconectado, reconecta"),
        (SessionStatus.INIT, "La sesión está iniciando, intenta de nuevo en unos segundos"),
        (SessionStatus.QR_REQUIRED, "Debes escanear el código QR"),
        (SessionStatus.AUTHENTICATED, "Esperando conexión, intenta de nuevo"),
    ],
)
def test_not_ready_is_refused_with_its_text(
    client: FlaskClient,
    maria: dict[str, str],
    own: Callable[..., Owner],
    queued: Callable[..., list[Task]],
    status: SessionStatus | None,
    text: str,
) -> None:
    if status:
        own(status)

    answer = client.post(URL, headers=maria, json=HELLO)

    assert (answer.status_code, answer.json["error"], answer.json["message"]) == (503, "SESSION_NOT_READY", text)
    assert queued() == []


def test_queue_accepts_in_any_state_and_wants_the_session(
    client: FlaskClient, maria: dict[str, str], services: Services
) -> None:
    assert client.post(URL, headers=maria, json=LATER).status_code == 202
    assert services.client.hexists(services.keys.wanted, "51")


def test_a_waiting_send_is_200_once_it_is_out(
    app: OpenAPI, maria: dict[str, str], own: Callable[..., Owner], queued: Callable[..., list[Task]]
) -> None:
    owner = own(SessionStatus.READY)
    answers: list[Any] = []

    def send() -> None:
        answers.append(app.test_client().post(f"{URL}?wait=20", headers=maria, json=HELLO))

    thread = threading.Thread(target=send)
    thread.start()
    until(queued, what="the message's notification")
    assert owner.send_next()
    thread.join(timeout=10)

    assert (answers[0].status_code, answers[0].json["status"]) == (200, "sent")
    assert answers[0].json["whatsapp_id"].startswith("true_")


def test_the_same_key_answers_with_the_first_message(
    client: FlaskClient, maria: dict[str, str], own: Callable[..., Owner], queued: Callable[..., list[Task]]
) -> None:
    own(SessionStatus.READY)
    first = client.post(URL, headers=maria | {"Idempotency-Key": "k-1"}, json=HELLO)
    again = client.post(URL, headers=maria, json=HELLO | {"idempotency_key": "k-1"})
    other = client.post(URL, headers=maria | {"Idempotency-Key": "k-1"}, json=HELLO | {"message": "otro"})
    both = client.post(URL, headers=maria | {"Idempotency-Key": "k-1"}, json=HELLO | {"idempotency_key": "k-2"})

    assert again.status_code == 202
    assert again.json["message_id"] == first.json["message_id"]
    assert (other.status_code, other.json["error"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert (both.status_code, both.json["error"]) == (400, "VALIDATION_ERROR")
    assert len(queued()) == 1


def test_the_limits_of_a_tenant(client: FlaskClient, maria: dict[str, str], services: Services) -> None:
    limited = services.limits.__class__(queue=1, per_minute=0)
    object.__setattr__(services, "limits", limited)
    client.post(URL, headers=maria, json=LATER)
    full = client.post(URL, headers=maria, json=LATER)
    object.__setattr__(services, "limits", services.limits.__class__(queue=100, per_minute=1))
    client.post(URL, headers=maria, json=LATER)
    fast = client.post(URL, headers=maria, json=LATER)

    assert (full.status_code, full.json["error"]) == (503, "QUEUE_FULL")
    assert (fast.status_code, fast.json["error"]) == (429, "RATE_LIMITED")
    assert int(fast.headers["Retry-After"]) > 0


def test_a_full_redis_refuses_new_messages(
    client: FlaskClient, maria: dict[str, str], services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.client, "info", lambda section: {"used_memory": 81, "maxmemory": 100})

    answer = client.post(URL, headers=maria, json=LATER)

    assert (answer.status_code, answer.json["error"]) == (503, "QUEUE_FULL")


def test_expiry_is_ten_minutes_or_a_day_or_as_asked(
    client: FlaskClient, maria: dict[str, str], own: Callable[..., Owner]
) -> None:
    own(SessionStatus.READY)

    def lives(body: dict[str, str]) -> tuple[str, str]:
        answer = client.post(URL, headers=maria, json=body).json
        return answer["accepted_at"][:19], answer["expires_at"][:19]

    from_now = {name: lives(body) for name, body in (("reject", HELLO), ("queue", LATER))}
    asked = client.post(URL, headers=maria, json=HELLO | {"expires_at": "2020-01-01T00:00:00Z"})

    assert from_now["reject"][0] < from_now["reject"][1] < from_now["queue"][1]
    assert asked.json["details"] == {"expires_at": "must be in the future, at most 7 days ahead"}


def test_cancel_while_queued_and_not_after(
    client: FlaskClient, maria: dict[str, str], own: Callable[..., Owner]
) -> None:
    owner = own(SessionStatus.READY)
    sent = client.post(URL, headers=maria, json=HELLO).json["message_id"]
    assert owner.send_next()
    waiting = client.post(URL, headers=maria, json=HELLO).json["message_id"]

    cancelled = client.post(f"{URL}/{waiting}/cancel", headers=maria)
    again = client.post(f"{URL}/{waiting}/cancel", headers=maria)
    late = client.post(f"{URL}/{sent}/cancel", headers=maria)
    none = client.post(f"{URL}/nothing/cancel", headers=maria)

    assert (cancelled.status_code, cancelled.json["status"], again.status_code) == (200, "cancelled", 200)
    assert (late.status_code, late.json["error"], late.json["details"]) == (409, "NOT_CANCELLABLE", {"status": "sent"})
    assert none.status_code == 404


def test_one_tenants_message_is_not_anothers(
    client: FlaskClient, maria: dict[str, str], token_of: Callable[[str], str]
) -> None:
    message_id = client.post(URL, headers=maria, json=LATER).json["message_id"]
    pedro = {"Authorization": f"Bearer {token_of('pedro')}"}

    assert client.get(f"/api/whatsapp/52/messages/{message_id}", headers=pedro).status_code == 404
    assert client.post(f"/api/whatsapp/52/messages/{message_id}/cancel", headers=pedro).status_code == 404
    assert client.get(f"{URL}/{message_id}", headers=pedro).json["error"] == "FORBIDDEN"
