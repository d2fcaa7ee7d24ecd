"""Idempotency keys: what frees one, and that a Redis that came up empty forgets none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from sqlalchemy import func, select

from hub_api.idempotency.models import IdempotencyKey
from hub_api.messages.service import SendRequest, send_text
from hub_api.older import send as older_send
from hub_api.recording.drain import Drain
from hub_api.repair.lost_state import LostState
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.script import IDEMPOTENCY_MS
from shared.names import Keys
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/messages"
HELLO = {"to": "5491123456789", "message": "hola", "on_not_ready": "queue"}
OLDER = {"cliente_id": 51, "to": "5491123456789", "message": "hola"}


def empty(server: redis.Redis, keys: Keys) -> None:
    """Redis forgets all that is this test's, as after FLUSHALL."""
    for name in server.scan_iter(f"{keys.prefix}*"):
        server.delete(name)


@pytest.fixture
def times_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(older_send, "until_ended", lambda services, message, seconds, place: message)


@pytest.mark.usefixtures("times_up")
def test_an_older_send_is_repeated_after_a_certain_504(
    client: FlaskClient, maria: dict[str, str], own: Callable[..., Owner], services: Services
) -> None:
    own(SessionStatus.READY)
    headers = maria | {"Idempotency-Key": "k-1"}

    first = client.post("/send", headers=headers, json=OLDER)
    again = client.post("/send", headers=headers, json=OLDER)

    assert (first.status_code, first.json["certain"]) == (504, True)
    assert (again.status_code, again.json["certain"]) == (504, True)
    assert first.json["message_id"] != again.json["message_id"]


def test_a_message_that_was_cancelled_by_a_call_keeps_its_key(client: FlaskClient, maria: dict[str, str]) -> None:
    headers = maria | {"Idempotency-Key": "k-1"}
    first = client.post(URL, headers=headers, json=HELLO).json["message_id"]
    client.post(f"{URL}/{first}/cancel", headers=maria)

    again = client.post(URL, headers=headers, json=HELLO).json

    assert (again["message_id"], again["status"], again["duplicate"]) == (first, "cancelled", True)


@pytest.mark.parametrize("restored", [False, True])
def test_a_key_outlives_an_emptied_redis(
    client: FlaskClient,
    maria: dict[str, str],
    own: Callable[..., Owner],
    server: redis.Redis,
    keys: Keys,
    drain: Drain,
    lost_state: LostState,
    restored: bool,
) -> None:
    headers = maria | {"Idempotency-Key": "k-1"}
    owner = own(SessionStatus.READY)
    first = client.post(URL, headers=headers, json=HELLO).json["message_id"]
    assert owner.send_next()
    drain.run()
    empty(server, keys)
    if restored:
        lost_state.mend()

    again = client.post(URL, headers=headers, json=HELLO).json
    other = client.post(URL, headers=headers, json=HELLO | {"message": "otro"}).json
    fresh = client.post(URL, headers=maria | {"Idempotency-Key": "k-2"}, json=HELLO).json

    assert (again["message_id"], again["status"], again["duplicate"]) == (first, "sent", True)
    assert other["error"] == "IDEMPOTENCY_CONFLICT"
    assert fresh["status"] == "queued"
    assert server.zrange(keys.open(51), 0, -1) == [fresh["message_id"]]


@pytest.mark.usefixtures("times_up")
@pytest.mark.parametrize("body", [OLDER, OLDER | {"message": "otro"}], ids=["the same", "another"])
def test_a_freed_key_stays_free_in_an_emptied_redis(
    client: FlaskClient,
    maria: dict[str, str],
    own: Callable[..., Owner],
    server: redis.Redis,
    keys: Keys,
    drain: Drain,
    lost_state: LostState,
    body: dict[str, Any],
) -> None:
    own(SessionStatus.READY)
    headers = maria | {"Idempotency-Key": "k-1"}
    first = client.post("/send", headers=headers, json=OLDER).json["message_id"]
    drain.run()
    empty(server, keys)
    lost_state.mend()
    own(SessionStatus.READY)

    again = client.post("/send", headers=headers, json=body)

    assert (again.status_code, again.json["certain"]) == (504, True)
    assert again.json["message_id"] != first


def test_a_freed_key_is_free_for_another_body_before_anything_was_put_back(
    services: Services, server: redis.Redis, keys: Keys, drain: Drain
) -> None:
    # given a message whose caller waits no longer, so that its key is free, and SQL knows that
    asked = SendRequest(to="5491123456789", text="hola", wake=True, idempotency_key="k-1")
    first = send_text(services, 51, asked, now_ms()).message
    assert services.ledger.review.give_up(51, first.message_id, "k-1", now_ms()) == "ended"
    drain.run()
    # when Redis is emptied
    empty(server, keys)
    # then its key stands for whatever comes under it
    assert not send_text(services, 51, replace(asked, text="otro"), now_ms()).duplicate


def test_old_keys_are_forgotten(services: Services, drain: Drain, monkeypatch: pytest.MonkeyPatch) -> None:
    now = now_ms()
    for key, at in (("old", now - IDEMPOTENCY_MS - 60_000), ("young", now - 60_000), ("old", now)):
        send_text(services, 51, SendRequest(to="5491123456789", text=key, wake=True, idempotency_key=key), at)
        services.client.delete(*services.client.scan_iter(f"{services.keys.prefix}idem:*"))
        drain.run()

    with services.database.reading() as session:
        rows = list(session.scalars(select(IdempotencyKey).order_by(IdempotencyKey.at)))
    assert [row.at for row in rows] == [now - 60_000, now]


def bulk(client: FlaskClient, headers: dict[str, str], *texts: str, **fields: Any) -> Any:
    entries = [HELLO | {"message": text} for text in texts]
    return client.post(f"{URL}/bulk", headers=headers, json={"messages": entries} | fields)


def test_a_bulks_field_is_its_key(client: FlaskClient, maria: dict[str, str], server: redis.Redis, keys: Keys) -> None:
    first = bulk(client, maria, "a", "b", idempotency_key="lote-1").json
    by_header = bulk(client, maria | {"Idempotency-Key": "lote-1"}, "a", "b").json
    other = bulk(client, maria, "a", "c", idempotency_key="lote-1")
    both = bulk(client, maria | {"Idempotency-Key": "x"}, "a", "b", idempotency_key="lote-1")
    wrong = bulk(client, maria, "a", idempotency_key="dos palabras")

    assert by_header == first
    assert (other.status_code, other.json["error"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert (both.status_code, list(both.json["details"])) == (400, ["idempotency_key"])
    assert (wrong.status_code, list(wrong.json["details"])) == (400, ["idempotency_key"])
    assert server.zcard(keys.open(51)) == 2


def test_an_entrys_field_is_its_key(
    client: FlaskClient, maria: dict[str, str], server: redis.Redis, keys: Keys
) -> None:
    entries = [HELLO | {"idempotency_key": "e-1"}, HELLO | {"idempotency_key": "e-1"}, HELLO]
    first = client.post(f"{URL}/bulk", headers=maria, json={"messages": entries}).json
    again = client.post(f"{URL}/bulk", headers=maria, json={"messages": entries[:1]}).json
    progress = client.get(f"{URL}/bulk/{first['bulk_id']}", headers=maria).json

    ids = [item["message_id"] for item in first["items"]]
    assert ids[0] == ids[1] == again["items"][0]["message_id"]
    assert server.zcard(keys.open(51)) == 2
    assert (progress["total"], progress["refused"], progress["counts"]) == (3, 0, {"queued": 3})


@pytest.mark.parametrize("restored", [False, True])
def test_a_repeated_bulk_queues_nothing_again_that_is_on_record(
    client: FlaskClient,
    maria: dict[str, str],
    own: Callable[..., Owner],
    server: redis.Redis,
    keys: Keys,
    drain: Drain,
    lost_state: LostState,
    restored: bool,
) -> None:
    owner = own(SessionStatus.READY)
    first = bulk(client, maria, "a", "b", idempotency_key="lote-1").json
    assert owner.send_next()
    assert owner.send_next()
    drain.run()
    empty(server, keys)
    if restored:
        lost_state.mend()

    again = bulk(client, maria, "a", "b", idempotency_key="lote-1").json

    assert [item["message_id"] for item in again["items"]] == [item["message_id"] for item in first["items"]]
    assert [item["status"] for item in again["items"]] == ["sent", "sent"]
    assert server.zcard(keys.open(51)) == 0


def test_a_key_is_never_on_record_as_it_was_written(
    client: FlaskClient, maria: dict[str, str], services: Services, drain: Drain
) -> None:
    message = client.post(URL, headers=maria | {"Idempotency-Key": "secret-order-7"}, json=HELLO).json
    drain.run()

    seen = client.get(f"{URL}/{message['message_id']}?events=true", headers=maria).get_data(as_text=True)
    with services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 1
    assert "idempotency" not in seen
    assert "secret-order-7" not in seen
