"""The files of messages that we send: handed out as received ones are, and kept as long as their messages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from received_media import Receiving, age, lies_there
from sqlalchemy import select, update

from hub_api.media.keeping.retention import MediaRetention
from hub_api.media.models import Upload
from hub_api.messages.models import MessageRecord
from hub_api.recording.drain import Drain
from hub_api.recording.retention import make_retention
from hub_api.services import Services
from shared.instant import now_ms
from shared.settings import Settings
from support.sample_media import jpeg

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

CONTENT = jpeg()
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NUMBER = "5491123456789"
DAY_MS = 86_400_000


@pytest.fixture
def give(client: FlaskClient, maria: dict[str, str]) -> Callable[..., str]:
    """Uploads a file of tenant 51's; returns its id."""

    def post(content: bytes = CONTENT, name: str = "Foto.jpg") -> str:
        answer = client.post(
            "/api/whatsapp/51/media", headers=maria, data={"file": (BytesIO(content), name)},
            content_type="multipart/form-data",
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return str(answer.json["media_id"])

    return post


@pytest.fixture
def send(client: FlaskClient, maria: dict[str, str], drain: Drain) -> Callable[..., Any]:
    """Has a message accepted, which waits for a session."""

    def post(media_id: str, **fields: Any) -> Any:
        body = {"to": NUMBER, "type": "image", "media": {"media_id": media_id}, "on_not_ready": "queue", **fields}
        return client.post("/api/whatsapp/51/messages", headers=maria, json=body)

    return post


def test_the_bytes_come_while_it_waits_and_once_it_is_on_record(
    client: FlaskClient, maria: dict[str, str], give: Any, send: Any, drain: Drain
) -> None:
    message_id = send(give()).json["message_id"]
    path = f"/api/whatsapp/51/messages/{message_id}/media"
    for _ in range(2):
        answer = client.get(path, headers=maria)
        assert (answer.status_code, answer.data, answer.mimetype) == (200, CONTENT, "image/jpeg")
        assert answer.headers["ETag"] == f'"{SHA256}"'
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="Foto.jpg"')
        drain.run()
    part = client.get(path, headers=maria | {"Range": "bytes=2-5"})
    assert (part.status_code, part.data) == (206, CONTENT[2:6])
    assert client.get(path, headers=maria | {"If-None-Match": f'"{SHA256}"'}).status_code == 304


def test_who_may_not_and_what_has_none(
    client: FlaskClient, maria: dict[str, str], token_of: Callable[[str], str], give: Any, send: Any
) -> None:
    message_id = send(give()).json["message_id"]
    pedro = {"Authorization": f"Bearer {token_of('pedro')}"}
    assert client.get(f"/api/whatsapp/51/messages/{message_id}/media", headers=pedro).status_code == 403
    assert client.get(f"/api/whatsapp/52/messages/{message_id}/media", headers=pedro).status_code == 404
    text = {"to": NUMBER, "message": "hola", "on_not_ready": "queue"}
    plain = client.post("/api/whatsapp/51/messages", headers=maria, json=text).json["message_id"]
    assert client.get(f"/api/whatsapp/51/messages/{plain}/media", headers=maria).status_code == 404


def test_another_tenants_file_sends_nothing(
    client: FlaskClient, token_of: Callable[[str], str], give: Any, send: Any
) -> None:
    pedro = {"Authorization": f"Bearer {token_of('pedro')}"}
    media_id = give()
    answers = []
    for asked in (media_id, "0" * 26):
        body = {"to": NUMBER, "type": "image", "media": {"media_id": asked}, "on_not_ready": "queue"}
        answer = client.post("/api/whatsapp/52/messages", headers=pedro, json=body)
        answers.append((answer.status_code, answer.json))
    assert answers[0] == answers[1]
    assert (answers[0][0], answers[0][1]["details"]) == (404, {"media.media_id": "no such file"})


def test_a_missing_file_is_said(
    client: FlaskClient, maria: dict[str, str], give: Any, send: Any, services: Services
) -> None:
    message_id = send(give()).json["message_id"]
    services.media.delete(51, SHA256, older_than_s=0)
    answer = client.get(f"/api/whatsapp/51/messages/{message_id}/media", headers=maria)
    assert (answer.status_code, answer.json["details"]["media"]["error"]) == (404, "MEDIA_FILE_MISSING")


def test_a_file_stays_as_long_as_its_message(
    services: Services, settings: Settings, give: Any, send: Any, drain: Drain
) -> None:
    # given a file that nobody took for long, but that a message names
    message_id = send(give()).json["message_id"]
    drain.run()
    with services.database.writing() as session:
        session.execute(update(Upload).values(used_at=now_ms() - 40 * DAY_MS))
    age(settings)
    MediaRetention(services).run()
    with services.database.reading() as session:
        assert session.scalars(select(Upload)).all() == []
    assert lies_there(services) == [SHA256]
    assert services.ledger.media.used(51) == len(CONTENT)
    # when the message ends and is forgotten
    with services.database.writing() as session:
        old = now_ms() - 100 * DAY_MS
        row = update(MessageRecord).where(MessageRecord.message_id == message_id)
        session.execute(row.values(status="failed", accepted_at=old))
    make_retention(services).run(now_ms())
    MediaRetention(services).run()
    # then
    assert lies_there(services) == []
    assert services.ledger.media.used(51) == 0


def test_what_is_received_and_sent_again_is_one_file(
    services: Services, settings: Settings, give: Any, drain: Drain
) -> None:
    Receiving(services, drain)(CONTENT)
    give()
    assert lies_there(services) == [SHA256]
    with services.database.writing() as session:
        session.execute(update(Upload).values(used_at=now_ms() - 40 * DAY_MS))
    age(settings)
    MediaRetention(services).run()
    assert lies_there(services) == [SHA256]
    assert services.ledger.media.used(51) == len(CONTENT)
