"""The connection to Redis breaks while a message is accepted or waited for: no answer lets a caller double it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI

from hub_api.messages.service import SendRequest, send_text
from hub_api.services import Services
from shared.instant import now_ms
from shared.names import Keys
from shared.redis.client import connect
from shared.settings import Settings
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionStatus
from support.cutting_proxy import CuttingProxy
from support.owner import Owner
from support.queued_task import Task
from support.waiting import until
from testing.claims import open_claims

URL = "/api/whatsapp/51/messages"
HELLO = {"to": "+54 9 11 2345-6789", "message": "broken-here"}
OLDER = {"cliente_id": 51, "to": "5491123456789", "message": "broken-here"}
OTHER = HELLO | {"message": "something else"}
TEXT = b"broken-here"


@pytest.fixture
def proxy(redis_url: str) -> Iterator[CuttingProxy]:
    made = CuttingProxy(redis_url)
    yield made
    made.close()


@pytest.fixture
def settings(settings: Settings, proxy: CuttingProxy) -> Settings:
    """The hub reaches Redis through the proxy; everybody else by themselves."""
    return settings.model_copy(update={"redis_url": proxy.url})


@pytest.fixture
def server(redis_url: str, keys: Keys) -> Iterator[redis.Redis]:
    made = connect(redis_url)
    open_claims(made, keys)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def loaded(services: Services, server: redis.Redis, own: Callable[..., Owner]) -> Owner:
    """A session that is READY, and a hub that has accepted a message before."""
    warm = SendRequest(to=HELLO["to"], text="warm", wake=True)
    send_text(services, 52, warm, now_ms())  # Redis knows the script
    return own(SessionStatus.READY)


def accepted(server: redis.Redis, keys: Keys) -> list[str]:
    """The ids of the messages that wait."""
    return [str(one) for one in server.zrange(keys.open(51), 0, -1)]


def test_an_accept_whose_answer_was_lost_is_looked_up(
    client: FlaskClient, maria: dict[str, str], proxy: CuttingProxy, server: redis.Redis, keys: Keys
) -> None:
    proxy.cut(TEXT)

    answer = client.post(URL, headers=maria, json=HELLO)

    assert proxy.done == 1
    assert (answer.status_code, answer.json["status"]) == (202, "queued")
    assert accepted(server, keys) == [answer.json["message_id"]]


@pytest.mark.parametrize("ran", [True, False])
@pytest.mark.parametrize("key", [None, "k-1"])
def test_an_ambiguous_accept_names_its_id_and_can_be_repeated(
    client: FlaskClient,
    maria: dict[str, str],
    proxy: CuttingProxy,
    server: redis.Redis,
    keys: Keys,
    ran: bool,
    key: str | None,
) -> None:
    proxy.cut(TEXT, ran=ran, then_away=True)
    headers = maria | ({"Idempotency-Key": key} if key else {})

    answer = client.post(URL, headers=headers, json=HELLO)
    proxy.back()
    details = answer.json["details"]
    repeated = client.post(URL, headers=maria | {"Idempotency-Key": details["idempotency_key"]}, json=HELLO)
    other = client.post(URL, headers=maria | {"Idempotency-Key": details["idempotency_key"]}, json=OTHER)

    assert (answer.status_code, answer.json["error"]) == (503, "SESSION_MANAGER_UNREACHABLE")
    assert details["certain"] is False
    assert details["idempotency_key"] == key or not key
    assert repeated.status_code == 202
    assert accepted(server, keys) == [repeated.json["message_id"]]
    assert (other.status_code, other.json["error"]) == (409, "IDEMPOTENCY_CONFLICT")
    if ran or not key:
        assert repeated.json["message_id"] == details["message_id"]


def test_the_id_of_a_lost_answer_is_no_key_to_anothers_message(
    client: FlaskClient, maria: dict[str, str], token_of: Callable[[str], str], server: redis.Redis, keys: Keys
) -> None:
    message_id = client.post(URL, headers=maria, json=HELLO).json["message_id"]
    pedro = {"Authorization": f"Bearer {token_of('pedro')}", "Idempotency-Key": f"message:{message_id}"}

    answer = client.post("/api/whatsapp/52/messages", headers=pedro, json=HELLO | {"on_not_ready": "queue"})

    assert answer.status_code == 202
    assert answer.json["message_id"] != message_id
    assert accepted(server, keys) == [message_id]


def test_a_redis_that_nobody_answers_at_is_certain(
    client: FlaskClient, maria: dict[str, str], proxy: CuttingProxy, services: Services
) -> None:
    proxy.close()
    services.memory.check = lambda: 0  # type: ignore[method-assign]  # it was asked a moment ago

    answer = client.post(URL, headers=maria, json=HELLO)

    assert (answer.status_code, answer.json["error"]) == (503, "SESSION_MANAGER_UNREACHABLE")
    assert answer.json["details"].get("certain", True) is True


def test_a_wait_that_breaks_off_is_202(
    client: FlaskClient, maria: dict[str, str], proxy: CuttingProxy, server: redis.Redis, keys: Keys
) -> None:
    proxy.cut(b"HGETALL", ran=False)

    answer = client.post(f"{URL}?wait=20", headers=maria, json=HELLO)

    assert proxy.done == 1
    assert (answer.status_code, answer.json["status"]) == (202, "queued")
    assert accepted(server, keys) == [answer.json["message_id"]]


def test_a_subscription_that_breaks_alone_is_mended_and_the_wait_goes_on(
    app: OpenAPI, maria: dict[str, str], proxy: CuttingProxy, queued: Callable[..., list[Task]], loaded: Owner
) -> None:
    proxy.cut(b"SUBSCRIBE")
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(app.test_client().post(f"{URL}?wait=30", headers=maria, json=HELLO))
    )
    thread.start()
    until(lambda: proxy.done, what="the subscription to be cut")
    until(queued, what="the message's notification")

    assert loaded.send_next()
    thread.join(timeout=20)

    assert not thread.is_alive()
    assert (answers[0].status_code, answers[0].json["status"]) == (200, "sent")


@pytest.mark.parametrize(("needle", "away"), [(b"HGETALL", False), (b"SUBSCRIBE", True), (TEXT, True)])
def test_an_older_send_that_breaks_off_is_504_and_not_cancelled(
    client: FlaskClient,
    maria: dict[str, str],
    proxy: CuttingProxy,
    services: Services,
    server: redis.Redis,
    keys: Keys,
    needle: bytes,
    away: bool,
) -> None:
    proxy.cut(needle, then_away=away)

    answer = client.post("/send", headers=maria, json=OLDER)
    proxy.back()

    assert (answer.status_code, answer.json["error"]) == (504, "SESSION_MANAGER_TIMEOUT")
    assert answer.json["certain"] is False
    assert accepted(server, keys) == [answer.json["message_id"]]
    message = services.ledger.entries.read(answer.json["message_id"])
    assert message is not None
    assert message.status is MessageStatus.QUEUED


def test_a_repeated_call_whose_first_message_cannot_be_read_names_it(
    client: FlaskClient, maria: dict[str, str], proxy: CuttingProxy
) -> None:
    headers = maria | {"Idempotency-Key": "k-2"}
    first = client.post(URL, headers=headers, json=HELLO).json["message_id"]
    proxy.cut(b"HGETALL", ran=False)

    answer = client.post(URL, headers=headers, json=HELLO)

    assert answer.status_code == 503
    details = answer.json["details"]
    assert (details["message_id"], details["idempotency_key"], details["certain"]) == (first, "k-2", False)


def bulk(client: FlaskClient, headers: dict[str, str], texts: list[str]) -> Any:
    return client.post(f"{URL}/bulk", headers=headers, json={"messages": [HELLO | {"message": text} for text in texts]})


@pytest.mark.parametrize("ran", [True, False])
def test_a_bulk_that_breaks_off_answers_for_each_entry(
    client: FlaskClient, maria: dict[str, str], proxy: CuttingProxy, server: redis.Redis, keys: Keys, ran: bool
) -> None:
    proxy.cut(b"three-here", ran=ran, then_away=True)
    texts = ["one-here", "two-here", "three-here", "four-here", "five-here"]
    headers = maria | {"Idempotency-Key": "lote-9"}

    answer = bulk(client, headers, texts)
    proxy.back()
    entries = answer.json["items"]
    repeated = bulk(client, headers, texts)

    assert answer.status_code == 202
    assert answer.json["bulk_id"]
    assert [entry["ok"] for entry in entries] == [True, True, False, False, False]
    assert entries[2]["details"]["certain"] is False
    assert entries[2]["details"]["message_id"]
    assert [entry["details"].get("certain") for entry in entries[3:]] == [True, True]
    assert [entry["ok"] for entry in repeated.json["items"]] == [True] * 5
    assert [entry["message_id"] for entry in repeated.json["items"]] == accepted(server, keys)
    assert repeated.json["items"][2]["message_id"] == entries[2]["details"]["message_id"]


def test_a_bulk_goes_on_after_a_short_break(
    client: FlaskClient, maria: dict[str, str], proxy: CuttingProxy, server: redis.Redis, keys: Keys
) -> None:
    proxy.cut(b"two-here")

    answer = bulk(client, maria, ["one-here", "two-here", "three-here"])

    assert answer.json["accepted"] == 3
    assert [entry["message_id"] for entry in answer.json["items"]] == accepted(server, keys)


def test_a_bulk_of_which_nothing_could_be_accepted_is_503(
    client: FlaskClient, maria: dict[str, str], proxy: CuttingProxy
) -> None:
    proxy.away()

    answer = bulk(client, maria, ["one-here", "two-here"])

    assert (answer.status_code, answer.json["error"]) == (503, "SESSION_MANAGER_UNREACHABLE")


def test_queued_tasks_are_as_many_as_messages(
    client: FlaskClient, maria: dict[str, str], proxy: CuttingProxy, queued: Callable[..., list[Task]]
) -> None:
    proxy.cut(TEXT)

    client.post(URL, headers=maria, json=HELLO)

    assert len(queued()) == 1
