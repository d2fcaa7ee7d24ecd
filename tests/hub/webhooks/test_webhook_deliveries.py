"""From what happened to what a real receiver got: each once, signed, in order per chat, again as long as it fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from event_schemas import documented
from flask.testing import FlaskClient
from receiver import Received, Receiver, Reply
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from hub_api.recording.drain import Drain
from hub_api.services import Services
from hub_api.webhooks.delivery.lanes import Lanes
from hub_api.webhooks.delivery.posting import Poster
from hub_api.webhooks.delivery.run import Deliverer
from hub_api.webhooks.delivery.task import make_deliverer
from shared.instant import now_ms
from shared.public_address import parse_networks

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

Make = Callable[..., dict[str, Any]]
Log = Callable[..., list[dict[str, Any]]]
HERE = parse_networks(["127.0.0.0/8"])


def _texts(receiver: Receiver) -> list[str]:
    return [json.loads(one.body)["data"]["message"] for one in receiver.received]


def test_a_received_message_is_posted_signed(
    make: Make, receive: Callable[..., str], work: Callable[[], int], receiver: Receiver, log: Log
) -> None:
    made = make(headers={"X-Of-Mine": "yes"})
    key = receive(message="quiero información")
    assert work() == 1

    [got] = receiver.received
    body = Webhook(made["secret"]).verify(got.body, got.headers)
    assert body["type"] == "message.received"
    assert body["cliente_id"] == 51
    assert (body["data"]["whatsapp_id"], body["data"]["message"]) == (key, "quiero información")
    assert got.headers["webhook-id"] == body["id"]
    assert got.headers["content-type"] == "application/json"
    assert got.headers["x-of-mine"] == "yes"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    [delivery] = log(made["webhook_id"])
    assert (delivery["delivery_id"], delivery["status"], delivery["error"]) == (body["id"], "delivered", None)
    assert [(one["code"], one["answer"]) for one in delivery["attempts"]] == [(200, "ok")]


def test_a_stream_that_is_read_twice_doubles_nothing(
    make: Make, receive: Callable[..., str], work: Callable[[], int], services: Services, receiver: Receiver
) -> None:
    make()
    receive()
    work()
    with services.database.writing() as session:
        session.execute(text("UPDATE drain_state SET cursor = '0-0'"))
    work()
    assert len(receiver.received) == 1


def test_nothing_is_recorded_without_its_delivery(
    make: Make, receive: Callable[..., str], drain: Drain, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are in one transaction: where the one fails, the other is not there either."""
    make()
    receive()

    def fails(*_: Any) -> None:
        raise ConnectionError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr("hub_api.recording.drain.EventStream.forget_before", fails)
        with pytest.raises(ConnectionError):
            drain.run()
    counts = "SELECT (SELECT count(*) FROM inbound_messages), (SELECT count(*) FROM webhook_deliveries)"
    with services.database.reading() as session:
        assert tuple(session.execute(text(counts)).one()) == (1, 1)


def test_only_what_was_asked_for_is_posted_and_only_while_active(
    make: Make,
    receive: Callable[..., str],
    work: Callable[[], int],
    receiver: Receiver,
    client: FlaskClient,
    maria: Any,
) -> None:
    make(events=["session.status", "campaign.status"])
    inactive = make(active=False)
    receive()
    assert work() == 0
    client.patch(f"/api/webhooks/{inactive['webhook_id']}", headers=maria, json={"active": True})
    receive(message="ahora")
    assert work() == 1
    assert _texts(receiver) == ["ahora"]


def test_another_tenants_messages_are_not_posted(
    make: Make, receive: Callable[..., str], work: Callable[[], int], receiver: Receiver
) -> None:
    make()
    receive(cliente_id=52)
    assert work() == 0
    assert receiver.received == []


def test_a_chat_keeps_its_order_and_waits_for_its_head(
    make: Make,
    receive: Callable[..., str],
    work: Callable[[], int],
    later: Callable[[int], None],
    receiver: Receiver,
    log: Log,
) -> None:
    made = make()
    one, two = "5491187654321", "5491187654322"
    receiver.reply = lambda got: Reply(500, b"not now") if "uno 1" in got.body else Reply()
    for number in (1, 2, 3):
        receive(one, f"uno {number}")
        receive(two, f"dos {number}")
    work()
    assert sorted(_texts(receiver)) == ["dos 1", "dos 2", "dos 3", "uno 1"]
    receive(one, "uno 4")
    assert work() == 0

    receiver.reply = lambda got: Reply()
    receiver.received.clear()
    later(6_001)
    assert work() == 4
    assert _texts(receiver) == ["uno 1", "uno 2", "uno 3", "uno 4"]
    assert {one["status"] for one in log(made["webhook_id"])} == {"delivered"}


def test_a_chat_keeps_its_order_when_its_head_is_put_into_the_queue_anew(
    make: Make,
    receive: Callable[..., str],
    work: Callable[[], int],
    later: Callable[[int], None],
    receiver: Receiver,
    log: Log,
    client: FlaskClient,
    maria: dict[str, str],
) -> None:
    # given a head that failed, and is due again by now, as those behind it are
    made = make()
    receiver.reply = lambda got: Reply(500)
    receive(message="uno")
    work()
    receive(message="dos")
    receive(message="tres")
    assert work() == 0
    later(60_000)
    # when somebody has it delivered again before its turn comes
    head = log(made["webhook_id"])[0]["delivery_id"]
    place = f"/api/webhooks/{made['webhook_id']}/replay"
    assert client.post(place, headers=maria, json={"delivery_id": head}).status_code == 202
    receiver.reply = lambda got: Reply()
    receiver.received.clear()
    # then
    assert work() == 3
    assert _texts(receiver) == ["uno", "dos", "tres"]


def test_each_attempt_has_the_same_id_and_a_signature_of_its_own(
    make: Make,
    receive: Callable[..., str],
    work: Callable[[], int],
    later: Callable[[int], None],
    receiver: Receiver,
    log: Log,
) -> None:
    made = make()
    receiver.reply = lambda got: Reply(503, b"busy")
    receive()
    waits = [0, 6_001, 361_000, 2_161_000, 8_641_000, 21_601_000, 43_201_000, 43_201_000]
    for wait in waits:
        later(wait)
        assert work() == 1
    later(10**9)
    assert work() == 0

    assert len({got.headers["webhook-id"] for got in receiver.received}) == 1
    for got in receiver.received:
        Webhook(made["secret"]).verify(got.body, got.headers)
    [delivery] = log(made["webhook_id"])
    assert (delivery["status"], delivery["error"], len(delivery["attempts"])) == ("failed", "HTTP_STATUS", 8)
    assert {(one["code"], one["answer"]) for one in delivery["attempts"]} == {(503, "busy")}


def test_an_attempt_comes_no_earlier_than_it_is_due(
    make: Make, receive: Callable[..., str], work: Callable[[], int], later: Callable[[int], None], receiver: Receiver
) -> None:
    make()
    receiver.reply = lambda got: Reply(500)
    receive()
    assert work() == 1
    later(3_000)
    assert work() == 0
    later(3_001)
    assert work() == 1
    later(290_000)
    assert work() == 0


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(302, headers={"Location": "http://127.0.0.1:9/elsewhere"}), "REDIRECT"),
        (Reply(308, headers={"Location": "/elsewhere"}), "REDIRECT"),
        (Reply(500), "HTTP_STATUS"),
        (Reply(hangs=True), "TIMEOUT"),
        (Reply(drips=True), "TIMEOUT"),
        (Reply(resets=True), "CONNECTION_BROKEN"),
    ],
)
def test_what_a_receiver_does_is_in_the_log(
    make: Make,
    receive: Callable[..., str],
    drain: Drain,
    services: Services,
    receiver: Receiver,
    log: Log,
    reply: Reply,
    error: str,
) -> None:
    made = make()
    receiver.reply = lambda got: reply
    receive()
    drain.run()
    deliverer = Deliverer(services, Lanes(services.database, 4), make_poster=lambda: Poster(HERE, timeout_s=0.5))
    assert deliverer.run() == 1

    assert len(receiver.received) == 1
    [delivery] = log(made["webhook_id"])
    assert (delivery["status"], delivery["error"]) == ("waiting", error)


def test_of_an_answer_one_kilobyte_is_kept(
    make: Make, receive: Callable[..., str], work: Callable[[], int], receiver: Receiver, log: Log
) -> None:
    made = make()
    receiver.reply = lambda got: Reply(200, b"\x00" + b"x" * 1_000_000)
    receive()
    work()
    [delivery] = log(made["webhook_id"])
    assert delivery["attempts"][0]["answer"] == "x" * 1_023


def test_gone_disables_and_the_others_are_told(
    make: Make,
    receive: Callable[..., str],
    work: Callable[[], int],
    receiver: Receiver,
    log: Log,
    client: FlaskClient,
    maria: Any,
) -> None:
    made = make(receiver.url + "/gone")
    make(receiver.url + "/other", events=["webhook.disabled"])
    receiver.reply = lambda got: Reply(410) if got.path.endswith("gone") else Reply()
    receive()
    receive(message="otro")
    work()
    work()
    work()

    told = [documented(got.body) for got in receiver.received if got.path.endswith("other")]
    assert [(one["type"], one["data"]["webhook_id"]) for one in told] == [("webhook.disabled", made["webhook_id"])]
    assert "secret" not in told[0]["data"]
    shown = client.get(f"/api/webhooks/{made['webhook_id']}", headers=maria).json
    assert (shown["active"], shown["disabled_reason"]) == (False, "gone")
    assert {one["status"] for one in log(made["webhook_id"])} == {"failed"}
    assert {one["error"] for one in log(made["webhook_id"])} <= {"DISABLED", "GONE"}
    assert sum(got.path.endswith("gone") for got in receiver.received) == 1


def test_days_of_failure_disable(
    make: Make,
    receive: Callable[..., str],
    work: Callable[[], int],
    later: Callable[[int], None],
    receiver: Receiver,
    client: FlaskClient,
    maria: Any,
) -> None:
    made = make()
    receiver.reply = lambda got: Reply(500)
    receive()
    work()
    later(5 * 86_400_000 - 60_000)
    work()
    assert client.get(f"/api/webhooks/{made['webhook_id']}", headers=maria).json["active"] is True
    later(360_001)
    work()
    shown = client.get(f"/api/webhooks/{made['webhook_id']}", headers=maria).json
    assert (shown["active"], shown["disabled_reason"]) == (False, "failing")


def test_a_lane_whose_worker_died_is_taken_by_another(
    make: Make, receive: Callable[..., str], drain: Drain, services: Services, receiver: Receiver
) -> None:
    make()
    receive()
    drain.run()
    dead = Lanes(services.database, 4)
    assert dead.take(now_ms()) is not None
    assert make_deliverer(services).run() == 0
    with services.database.writing() as session:
        session.execute(text("UPDATE webhook_lanes SET taken_until = 1"))
    assert make_deliverer(services).run() == 1
    assert len(receiver.received) == 1


def test_several_workers_deliver_each_once_and_in_order(
    make: Make, receive: Callable[..., str], drain: Drain, services: Services, receiver: Receiver
) -> None:
    make()
    senders = [f"549118765{number:04d}" for number in range(12)]
    for number in range(20):
        for sender in senders:
            receive(sender, f"{number:03d}")
    drain.run()
    threads = [threading.Thread(target=make_deliverer(services).run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    by_chat: dict[str, list[str]] = {}
    for got in receiver.received:
        data = json.loads(got.body)["data"]
        by_chat.setdefault(data["from"], []).append(data["message"])
    assert by_chat == {sender: [f"{number:03d}" for number in range(20)] for sender in senders}


def test_a_secret_that_was_rotated_signs_for_a_day_more(
    make: Make,
    receive: Callable[..., str],
    work: Callable[[], int],
    later: Callable[[int], None],
    receiver: Receiver,
    client: FlaskClient,
    maria: Any,
) -> None:
    made = make()
    rotated = client.post(f"/api/webhooks/{made['webhook_id']}/rotate-secret", headers=maria).json
    assert rotated["secret"] != made["secret"]
    receive()
    work()
    for secret in (made["secret"], rotated["secret"]):
        Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)

    later(24 * 3_600_000)
    receive()
    work()
    last: Received = receiver.received[-1]
    Webhook(rotated["secret"]).verify(last.body, last.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(last.body, last.headers)
