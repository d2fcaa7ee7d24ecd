"""A message that comes together with its file, as `multipart/form-data`."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hub_records import count
from sent_files import PDF, PNG, give

from hub_api.messages.models import MessageRecord
from hub_api.recording.drain import Drain
from hub_api.services import Services

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/messages"
GOOD = {"to": "+54 9 11 2345-6789", "type": "image", "on_not_ready": "queue"}
Post = Callable[..., Any]


@pytest.fixture
def post(client: FlaskClient, maria: dict[str, str]) -> Post:
    """content None: no file at all."""

    def call(content: bytes | None = PNG, name: str = "casa.png", part: str = "file", **fields: str) -> Any:
        data: dict[str, Any] = {key: value for key, value in (GOOD | fields).items() if value}
        if content is not None:
            data[part] = (io.BytesIO(content), name)
        return client.post(URL, headers=maria, data=data, content_type="multipart/form-data")

    return call


def test_the_file_and_all_that_goes_with_it(post: Post, services: Services) -> None:
    answer = post(caption="mire", mentions=json.dumps(["11 5555-0001"]), cliente_id="51", idempotency_key="k")

    assert answer.status_code == 202, answer.text
    sent, sha256 = answer.json, hashlib.sha256(PNG).hexdigest()
    file = {"mime_type": "image/png", "size": len(PNG), "sha256": sha256, "file_name": "casa.png"}
    assert (sent["type"], sent["media"], sent["message"]) == ("image", file, "mire")
    assert sent["mentions"] == ["541155550001"]
    with services.media.open(51, sha256) as stored:
        assert stored.read() == PNG


def test_the_same_key_and_bytes_are_one_message_as_json_too(
    post: Post, client: FlaskClient, maria: dict[str, str], services: Services
) -> None:
    first = post(idempotency_key="k").json
    again = post(name="otra.png", idempotency_key="k").json
    body = GOOD | {"media": {"media_id": give(services, PNG, "image/png")}, "idempotency_key": "k"}
    by_id = client.post(URL, headers=maria, json=body).json
    assert [first["message_id"]] * 2 == [again["message_id"], by_id["message_id"]]
    other = post(idempotency_key="k", caption="otra cosa")
    assert (other.status_code, other.json["error"]) == (409, "IDEMPOTENCY_CONFLICT")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no file": ({"content": None}, "file"),
    "a file in another part": ({"part": "media"}, "media"),
    "no bytes": ({"content": b""}, "file"),
    "no type": ({"type": ""}, "type"),
    "a type without files": ({"type": "location", "latitude": "1", "longitude": "2"}, "latitude"),
    "a text": ({"type": "text", "message": "hola"}, "type"),
    "not what it says": ({"content": PDF}, "file"),
    "media besides": ({"media": "x"}, "media"),
    "mentions that are no array": ({"mentions": "11 5555-0001"}, "mentions"),
    "nobody": ({"to": "x"}, "to"),
    "a long caption": ({"caption": "x" * 1_025}, "caption"),
    "another tenant": ({"cliente_id": "x"}, "cliente_id"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_named_and_nothing_is_kept(post: Post, services: Services, drain: Drain, what: str) -> None:
    given, field = BAD[what]

    answer = post(**given)

    assert answer.status_code == 400, answer.text
    assert field in answer.json["details"], answer.json
    drain.run()
    assert count(services, MessageRecord) == 0
    assert [file for cliente_id in services.media.tenants() for file in services.media.files(cliente_id)] == []


def test_another_tenants_id_is_refused(client: FlaskClient, maria: dict[str, str]) -> None:
    for body in (
        {"data": GOOD | {"cliente_id": "52", "file": (io.BytesIO(PNG), "a.png")}},
        {"json": GOOD | {"type": "text", "message": "x", "cliente_id": 52}},
    ):
        assert client.post(URL, headers=maria, **body).status_code == 403  # type: ignore[arg-type]
