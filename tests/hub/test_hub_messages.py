"""Sending, following and cancelling messages (CONTRACT sections 3 and 4)."""

from __future__ import annotations

import threading

import pytest
from stand_ins import until

from hub_api.background_tasks import make_background
from shared.instant import now_ms
from shared.ledger.ledger import Ledger
from shared.ledger.work import Pace, PutKey
from shared.transitions.session import SessionStatus

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/messages"
HELLO = {"to": "+54 9 11 2345-6789", "message": "hola ñandú 🦙"}
LATER = HELLO | {"on_not_ready": "queue"}


def _deliver(server, keys, owner, upto=1):
    """What the owner does to send the next message."""
    ledger = Ledger(server, keys)
    claimed = ledger.claim_next(owner.lease, "boot", now_ms(), Pace(0, 0), bulk_allowed=True)
    put = ledger.put_key(
        owner.lease,
        claimed.message,
        whatsapp_id=f"true_{claimed.message.message_id}",
        chat_id="c",
        epoch="e",
        boot="boot",
        now_ms=now_ms(),
        lease_left_ms=0,
    )
    assert put is PutKey.OK
    for ack in range(1, upto + 1):
        ledger.acknowledge(51, f"true_{claimed.message.message_id}", ack, now_ms())
    return claimed.message.message_id


def test_a_message_is_accepted_in_one_step(client, maria, own, queued):
    own(SessionStatus.READY)

    answer = client.post(URL, headers=maria, json=HELLO)

    assert answer.status_code == 202
    message = answer.json
    assert (message["to"], message["status"], message["lane"]) == ("5491123456789", "queued", "single")
    assert message["message"] == HELLO["message"]
    assert message["whatsapp_id"] is None
    [bell] = queued()
    assert (bell.name, bell.headers["id"]) == ("session.deliver", message["message_id"])
    assert bell.kwargs == {"cliente_id": 51, "message_id": message["message_id"]}
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
def test_not_ready_is_refused_with_its_text(client, maria, own, queued, status, text):
    if status:
        own(status)

    answer = client.post(URL, headers=maria, json=HELLO)

    assert (answer.status_code, answer.json["error"], answer.json["message"]) == (503, "SESSION_NOT_READY", text)
    assert queued() == []


def test_queue_accepts_in_any_state_and_wants_the_session(client, maria, services):
    assert client.post(URL, headers=maria, json=LATER).status_code == 202
    assert services.client.hexists(services.keys.wanted, "51")


def test_a_waiting_send_is_200_once_it_is_out(app, maria, own, server, keys, queued):
    owner = own(SessionStatus.READY)
    answers = []

    def send():
        answers.append(app.test_client().post(f"{URL}?wait=20", headers=maria, json=HELLO))

    thread = threading.Thread(target=send)
    thread.start()
    until(queued)
    _deliver(server, keys, owner)
    thread.join(timeout=10)

    assert (answers[0].status_code, answers[0].json["status"]) == (200, "sent")
    assert answers[0].json["whatsapp_id"].startswith("true_")


def test_the_same_key_answers_with_the_first_message(client, maria, own, queued):
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


def test_the_limits_of_a_tenant(settings, client, maria, services):
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


def test_a_full_redis_refuses_new_messages(client, maria, services, monkeypatch):
    monkeypatch.setattr(services.client, "info", lambda section: {"used_memory": 81, "maxmemory": 100})

    answer = client.post(URL, headers=maria, json=LATER)

    assert (answer.status_code, answer.json["error"]) == (503, "QUEUE_FULL")


def test_expiry_is_ten_minutes_or_a_day_or_as_asked(client, maria, own):
    own(SessionStatus.READY)

    def lives(body):
        answer = client.post(URL, headers=maria, json=body).json
        return answer["accepted_at"][:19], answer["expires_at"][:19]

    from_now = {name: lives(body) for name, body in (("reject", HELLO), ("queue", LATER))}
    asked = client.post(URL, headers=maria, json=HELLO | {"expires_at": "2020-01-01T00:00:00Z"})

    assert from_now["reject"][0] < from_now["reject"][1] < from_now["queue"][1]
    assert asked.json["details"] == {"expires_at": "must be in the future, at most 7 days ahead"}


def test_cancel_while_queued_and_not_after(client, maria, own, server, keys):
    owner = own(SessionStatus.READY)
    sent = client.post(URL, headers=maria, json=HELLO).json["message_id"]
    _deliver(server, keys, owner)
    waiting = client.post(URL, headers=maria, json=HELLO).json["message_id"]

    cancelled = client.post(f"{URL}/{waiting}/cancel", headers=maria)
    again = client.post(f"{URL}/{waiting}/cancel", headers=maria)
    late = client.post(f"{URL}/{sent}/cancel", headers=maria)
    none = client.post(f"{URL}/nothing/cancel", headers=maria)

    assert (cancelled.status_code, cancelled.json["status"], again.status_code) == (200, "cancelled", 200)
    assert (late.status_code, late.json["error"], late.json["details"]) == (409, "NOT_CANCELLABLE", {"status": "sent"})
    assert none.status_code == 404


def test_bulk_accepts_each_by_itself(client, maria, own):
    own(SessionStatus.READY)
    entries = [HELLO, HELLO | {"to": "x"}, 3, HELLO | {"message": ""}, HELLO | {"cliente_id": 52}, HELLO]

    answer = client.post(f"{URL}/bulk", headers=maria, json={"messages": entries}).json
    progress = client.get(f"{URL}/bulk/{answer['bulk_id']}", headers=maria).json

    assert (answer["total"], answer["accepted"], answer["refused"]) == (6, 2, 4)
    assert [item.get("error") for item in answer["items"]] == [
        None,
        "INVALID_TO",
        "VALIDATION_ERROR",
        "INVALID_MESSAGE",
        "INVALID_CLIENTE_ID",
        None,
    ]
    assert progress["counts"] == {"queued": 2}
    assert (progress["total"], progress["refused"], progress["done"]) == (6, 4, 0)
    one = client.get(f"{URL}/{answer['items'][0]['message_id']}", headers=maria).json
    assert (one["lane"], one["bulk_id"]) == ("bulk", answer["bulk_id"])
    assert client.get(f"{URL}/bulk/nothing", headers=maria).status_code == 404


def test_a_repeated_bulk_answers_the_same(client, maria, own, queued):
    own(SessionStatus.READY)
    headers = maria | {"Idempotency-Key": "lote-1"}
    first = client.post(f"{URL}/bulk", headers=headers, json={"messages": [HELLO, HELLO]}).json
    again = client.post(f"{URL}/bulk", headers=headers, json={"messages": [HELLO, HELLO]}).json
    other = client.post(f"{URL}/bulk", headers=headers, json={"messages": [HELLO]})

    assert again == first
    assert len(queued()) == 2
    assert other.json["error"] == "IDEMPOTENCY_CONFLICT"


def test_history_is_recorded_listed_and_filtered(client, maria, own, server, keys, settings):
    owner = own(SessionStatus.READY)
    first = client.post(URL, headers=maria, json=HELLO).json["message_id"]
    second = client.post(URL, headers=maria, json=HELLO | {"message": "=1+1", "to": "5491123456780"}).json["message_id"]
    _deliver(server, keys, owner, upto=3)
    Ledger(server, keys).record_inbound(51, "wa-1", {"from": "5491123456789", "message": "hola", "at": 5}, now_ms())
    background = make_background(settings)

    assert background.drain.run() > 0
    assert background.drain.run() == 0
    background.close()

    def listed(query=""):
        return [item["message_id"] for item in client.get(f"{URL}{query}", headers=maria).json["items"]]

    assert listed() == [second, first]
    assert listed("?status=read") == [first]
    assert listed("?to=5491123456780") == [second]
    assert listed("?lane=bulk") == listed("?campaign=c1") == []
    assert listed("?from=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z") == []
    page = client.get(f"{URL}?limit=1", headers=maria).json
    assert listed(f"?limit=1&cursor={page['next']}") == [first]
    assert client.get(f"{URL}?cursor=AAAA", headers=maria).json["error"] == "VALIDATION_ERROR"

    one = client.get(f"{URL}/{first}?events=true", headers=maria).json
    assert [event["type"] for event in one["events"]] == [
        "message.queued",
        "message.sending",
        "message.key",
        "message.sent",
        "message.delivered",
        "message.read",
    ]
    assert "hola" not in str(one["events"])
    table = client.get(URL, headers=maria | {"Accept": "text/csv"})
    assert table.mimetype == "text/csv"
    assert "'=1+1" in table.text
    inbound = client.get("/api/whatsapp/51/inbound?from_number=5491123456789", headers=maria).json["items"]
    assert [(item["whatsapp_id"], item["from"], item["message"]) for item in inbound] == [
        ("wa-1", "5491123456789", "hola")
    ]


def test_a_recorded_message_outlives_the_ledger(client, maria, own, server, keys, settings):
    owner = own(SessionStatus.READY)
    message_id = client.post(URL, headers=maria, json=HELLO).json["message_id"]
    _deliver(server, keys, owner)
    before = client.get(f"{URL}/{message_id}", headers=maria).json
    background = make_background(settings)
    background.drain.run()
    background.close()
    server.delete(keys.message(message_id))

    assert client.get(f"{URL}/{message_id}", headers=maria).json == before


def test_one_tenants_message_is_not_anothers(client, maria, token_of):
    message_id = client.post(URL, headers=maria, json=LATER).json["message_id"]
    pedro = {"Authorization": f"Bearer {token_of('pedro')}"}

    assert client.get(f"/api/whatsapp/52/messages/{message_id}", headers=pedro).status_code == 404
    assert client.post(f"/api/whatsapp/52/messages/{message_id}/cancel", headers=pedro).status_code == 404
    assert client.get(f"{URL}/{message_id}", headers=pedro).json["error"] == "FORBIDDEN"
