"""Contents in bulk sends: every type, each entry by itself, files by id or in the body."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sent_files import PDF, PNG, give

from hub_api.services import Services
from shared.protocol.content import ContentType
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/messages"
TO = "+54 9 11 2345-678"


def test_each_entry_has_its_own_content(
    client: FlaskClient, maria: dict[str, str], services: Services, own: Callable[..., Owner]
) -> None:
    owner = own(SessionStatus.READY)
    picture, paper = give(services, PNG, "image/png"), give(services, PDF, "application/pdf", "a.pdf")
    contents: list[dict[str, Any]] = [
        {"type": "image", "media": {"media_id": picture}, "caption": "uno"},
        {"type": "image", "media": {"media_id": picture}, "caption": "dos"},
        {"type": "document", "media": {"media_id": paper}},
        {"type": "location", "latitude": 1, "longitude": 2},
        {"type": "contact", "name": "Ana", "phone_number": "11 5555-0001"},
        {"type": "poll", "question": "¿?", "options": ["a", "b"]},
        {"type": "text", "message": "seis"},
        {"message": "siete"},
        {"type": "image", "media": {"media_id": "0" * 26}},
        {"type": "image", "media": {"url": "https://a.example/x.png"}},
        {"type": "poll", "question": "¿?", "options": ["a"]},
    ]
    entries = [{"to": f"{TO}{at % 10}"} | content for at, content in enumerate(contents)]

    done = client.post(f"{URL}/bulk", headers=maria, json={"messages": entries}).json

    assert (done["accepted"], done["refused"]) == (8, 3)
    assert [list(one["details"]) for one in done["items"][8:]] == [["media.media_id"], ["media.url"], ["options"]]
    sent = [message for _ in range(8) if (message := owner.send_next()) is not None]
    assert [message.content.type for message in sent] == [
        ContentType.IMAGE,
        ContentType.IMAGE,
        ContentType.DOCUMENT,
        ContentType.LOCATION,
        ContentType.CONTACT,
        ContentType.POLL,
        ContentType.TEXT,
        ContentType.TEXT,
    ]
    assert [message.text for message in sent] == ["uno", "dos", "", "", "", "", "seis", "siete"]
    assert sent[0].content == sent[1].content  # one file for both


def test_a_file_in_the_body_is_the_same_as_one_that_was_given_before(
    client: FlaskClient, maria: dict[str, str], services: Services
) -> None:
    inline = {"base64": base64.b64encode(PNG).decode(), "mime_type": "image/png"}
    entry = {"to": f"{TO}1", "type": "image", "on_not_ready": "queue", "idempotency_key": "k"}
    first = client.post(f"{URL}/bulk", headers=maria, json={"messages": [entry | {"media": inline}]}).json
    given = {"media_id": give(services, PNG, "image/png")}
    again = client.post(f"{URL}/bulk", headers=maria, json={"messages": [entry | {"media": given}]}).json
    [one], [other] = first["items"], again["items"]
    assert one["message_id"] == other["message_id"]
    shown = client.get(f"{URL}/{one['message_id']}", headers=maria).json
    assert shown["media"]["sha256"] == hashlib.sha256(PNG).hexdigest()
