"""Bulk sends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from shared.transitions.session import SessionStatus
from support.owner import Owner
from support.queued_task import Task

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/messages"
HELLO = {"to": "+54 9 11 2345-6789", "message": "hola ñandú 🦙"}


def test_bulk_accepts_each_by_itself(client: FlaskClient, maria: dict[str, str], own: Callable[..., Owner]) -> None:
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


def test_a_repeated_bulk_answers_the_same(
    client: FlaskClient, maria: dict[str, str], own: Callable[..., Owner], queued: Callable[..., list[Task]]
) -> None:
    own(SessionStatus.READY)
    headers = maria | {"Idempotency-Key": "lote-1"}
    first = client.post(f"{URL}/bulk", headers=headers, json={"messages": [HELLO, HELLO]}).json
    again = client.post(f"{URL}/bulk", headers=headers, json={"messages": [HELLO, HELLO]}).json
    other = client.post(f"{URL}/bulk", headers=headers, json={"messages": [HELLO]})

    assert again == first
    assert len(queued()) == 2
    assert other.json["error"] == "IDEMPOTENCY_CONFLICT"
