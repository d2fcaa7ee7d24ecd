"""Messages of every type: what callers may say, where it stands and where it never stands."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from hub_records import count, recorded
from sent_files import GROUP, PDF, PNG, give
from sqlalchemy import event, select

from hub_api.media.keeping.named_files import named_among
from hub_api.messages.models import MessageEvent, MessageRecord
from hub_api.messages.objects import MessageObject
from hub_api.recording.drain import Drain
from hub_api.repair.lost_state import LostState
from hub_api.services import Services
from shared.names import Keys
from shared.protocol.content import PLAIN
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/messages"
TO = "+54 9 11 2345-6789"
ANA = "+54 9 11 5555-0001"
Send = Callable[..., Any]

CARD = (
    "BEGIN:VCARD\nVERSION:3.0\nN:;Ana\\, la de ventas;;;\nFN:Ana\\, la de ventas\n"
    "TEL;type=CELL;waid=541155550001:+541155550001\nEND:VCARD"
)
LOCATION = {"type": "location", "latitude": -34.6037, "longitude": -58, "name": "Obelisco", "address": "9 de Julio s/n"}
CONTACT = {"type": "contact", "name": "Ana, la de ventas", "phone_number": "11 5555-0001"}
POLL = {"type": "poll", "question": "¿Cuándo?", "options": ["lunes", "martes"], "multiple": True}
LINK = {"url": "https://a.example/x", "title": "La casa", "description": "Tres ambientes"}
WITHOUT_FILE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "location": (
        LOCATION,
        {"location": {"latitude": -34.6037, "longitude": -58.0, "name": "Obelisco", "address": "9 de Julio s/n"}},
    ),
    "contact": (CONTACT, {"contact": {"name": "Ana, la de ventas", "phone_number": "541155550001"}}),
    "poll": (POLL, {"poll": {name: POLL[name] for name in ("question", "options", "multiple")}}),
    "link": ({"message": "Vea https://a.example/x", "link_preview": LINK}, {"link_preview": LINK}),
    "mentions": (
        {"message": "Hola @5491155550001", "mentions": [ANA, "5491155550001"]},
        {"mentions": ["5491155550001"]},
    ),
}
PARTS = ("media", "location", "contact", "poll", "link_preview", "reply_to")
FILES = {
    "image": (PNG, "image/png", "casa.png"),
    "document": (PDF, "application/pdf", "presupuesto.pdf"),
}


@pytest.fixture
def owner(own: Callable[..., Owner]) -> Owner:
    return own(SessionStatus.READY)


@pytest.fixture
def send(client: FlaskClient, maria: dict[str, str]) -> Send:
    """Has tenant 51 send; returns the answer."""

    def call(status: int = 202, key: str = "", **body: Any) -> Any:
        headers = maria | ({"Idempotency-Key": key} if key else {})
        answer = client.post(URL, headers=headers, json={"to": TO, "on_not_ready": "queue"} | body)
        assert answer.status_code == status, answer.text
        return answer.json

    return call


@pytest.fixture
def media_id(services: Services) -> Callable[[str], str]:
    """Of a file of FILES that was given to be sent."""
    return lambda kind: give(services, *FILES[kind])


class TestEachType:
    @pytest.mark.parametrize("kind", WITHOUT_FILE)
    def test_is_shown_while_it_waits_once_it_is_out_and_by_the_records(
        self, client: FlaskClient, maria: dict[str, str], send: Send, owner: Owner, drain: Drain, kind: str
    ) -> None:
        body, shown = WITHOUT_FILE[kind]
        expected: dict[str, Any] = dict.fromkeys(PARTS) | {"mentions": []} | shown
        expected |= {"type": body.get("type", "text"), "message": body.get("message", "")}

        def says(answer: dict[str, Any]) -> None:
            assert {name: answer[name] for name in expected} == expected
            MessageObject.model_validate({"ok": True} | answer)

        sent = send(**body)
        says(sent)
        says(client.get(f"{URL}/{sent['message_id']}", headers=maria).json)
        claimed = owner.send_next()
        assert claimed is not None
        assert claimed.text == expected["message"]
        drain.run()
        says(client.get(f"{URL}/{sent['message_id']}", headers=maria).json)
        [listed] = client.get(URL, headers=maria).json["items"]
        says(listed)

    def test_a_contact_has_a_card_that_phones_read(self, send: Send, owner: Owner) -> None:
        send(**CONTACT)
        card = owner.claim().content.contact
        assert card is not None
        assert card.vcard == CARD

    @pytest.mark.parametrize("kind", FILES)
    @pytest.mark.parametrize("caption", ["mire", None])
    def test_a_file_is_named_by_its_hash_and_stays_in_the_store(
        self,
        client: FlaskClient,
        maria: dict[str, str],
        services: Services,
        send: Send,
        owner: Owner,
        drain: Drain,
        media_id: Callable[[str], str],
        kind: str,
        caption: str | None,
    ) -> None:
        content, mime_type, name = FILES[kind]
        sha256 = hashlib.sha256(content).hexdigest()

        sent = send(type=kind, media={"media_id": media_id(kind)}, caption=caption)

        file = {"mime_type": mime_type, "size": len(content), "sha256": sha256, "file_name": name}
        assert (sent["type"], sent["media"], sent["message"]) == (kind, file, caption or "")
        claimed = owner.send_next()
        assert claimed is not None
        assert claimed.content.media is not None
        with services.media.open(51, claimed.content.media.sha256) as stored:
            assert stored.read() == content
        drain.run()
        shown = client.get(f"{URL}/{sent['message_id']}", headers=maria).json
        assert (shown["media"], shown["message"], shown["status"]) == (file, caption or "", "sent")
        with services.database.reading() as session:
            assert named_among(session, 51, [sha256, "0" * 64]) == {sha256}
            assert named_among(session, 52, [sha256]) == set()
        csv = client.get(URL, headers=maria | {"Accept": "text/csv"}).text
        assert f"{caption or ''},{kind},,{mime_type},{len(content)},{sha256},{name}" in csv

    def test_a_file_may_be_given_another_name(self, send: Send, media_id: Callable[[str], str]) -> None:
        sent = send(type="document", media={"media_id": media_id("document")}, file_name="Año ../nuevo.pdf")
        assert sent["media"]["file_name"] == "nuevo.pdf"

    def test_what_is_restored_carries_all_of_it(
        self,
        send: Send,
        owner: Owner,
        drain: Drain,
        lost_state: LostState,
        server: redis.Redis,
        keys: Keys,
        media_id: Callable[[str], str],
    ) -> None:
        sent = send(type="image", media={"media_id": media_id("image")}, caption="mire", mentions=[ANA])
        before = owner.ledger.entries.read(sent["message_id"])
        drain.run()
        assert before is not None
        server.delete(keys.message(sent["message_id"]), keys.open(51), keys.incarnation)

        assert lost_state.mend()

        restored = owner.ledger.entries.read(sent["message_id"])
        assert restored is not None
        assert (restored.text, restored.content) == (before.text, before.content)

    def test_no_history_says_what_it_carried(
        self, services: Services, send: Send, owner: Owner, drain: Drain, media_id: Callable[[str], str]
    ) -> None:
        send(type="document", media={"media_id": media_id("document")}, caption="secreto", file_name="secreto.pdf")
        send(**(POLL | {"question": "secreto"}))
        owner.send_next()
        drain.run()

        with services.database.reading() as session:
            told = list(session.scalars(select(MessageEvent.data)))
        assert len(told) >= 4
        assert not [data for data in told if "secreto" in data or "presupuesto" in data or "lunes" in data]

    def test_a_plain_text_asks_the_database_nothing(self, services: Services, send: Send, owner: Owner) -> None:
        send(message="hola")  # whoever calls is known now
        asked: list[str] = []
        event.listen(services.database.engine, "before_cursor_execute", lambda *told: asked.append(str(told[2])))
        send(message="hola", type="text")
        assert asked == []
        send(message="hola", reply_to="false_x@c.us_A", status=400)
        assert asked != []

    def test_a_text_keeps_no_content(self, services: Services, send: Send, owner: Owner, drain: Drain) -> None:
        sent = send(type="text", message="hola")
        drain.run()
        row = recorded(services, sent["message_id"])
        assert (row.content, row.media_sha256, owner.claim().content) == (None, None, PLAIN)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no such type": ({"type": "gif"}, "type"),
    "a type that is no text": ({"type": 7}, "type"),
    "a picture without a file": ({"type": "image"}, "media"),
    "a file from two places": ({"type": "image", "media": {"media_id": "0" * 26, "url": "https://a"}}, "media"),
    "no such file": ({"type": "image", "media": {"media_id": "0" * 26}}, "media.media_id"),
    "an empty caption": ({"type": "image", "media": {"media_id": "0" * 26}, "caption": ""}, "caption"),
    "a long caption": ({"type": "image", "media": {"media_id": "0" * 26}, "caption": "x" * 1_025}, "caption"),
    "a caption of a voice note": ({"type": "voice", "media": {"media_id": "0" * 26}, "caption": "x"}, "caption"),
    "a picture with a message": ({"type": "image", "media": {"media_id": "0" * 26}, "message": "x"}, "message"),
    "a name of two lines": ({"type": "document", "media": {"media_id": "0" * 26}, "file_name": "a\nb"}, "file_name"),
    "beyond the pole": (LOCATION | {"latitude": 90.1}, "latitude"),
    "degrees as text": (LOCATION | {"longitude": "58"}, "longitude"),
    "half a place": ({"type": "location", "latitude": 1}, "longitude"),
    "nobody's card": (CONTACT | {"name": " "}, "name"),
    "a card without a phone": (CONTACT | {"phone_number": "no es"}, "phone_number"),
    "a card of two lines": (CONTACT | {"name": "Ana\nEND:VCARD"}, "name"),
    "one option": (POLL | {"options": ["lunes"]}, "options"),
    "too many options": (POLL | {"options": [str(one) for one in range(13)]}, "options"),
    "the same option twice": (POLL | {"options": ["lunes", "lunes "]}, "options"),
    "a long option": (POLL | {"options": ["a", "x" * 101]}, "options.1"),
    "a long question": (POLL | {"question": "x" * 256}, "question"),
    "not quite multiple": (POLL | {"multiple": "sí"}, "multiple"),
    "a link that is not there": ({"message": "hola", "link_preview": LINK}, "link_preview.url"),
    "a link without a title": (
        {"message": "https://a.example/x", "link_preview": LINK | {"title": ""}},
        "link_preview.title",
    ),
    "a mention of nobody": ({"message": "hola @x", "mentions": [ANA, "no es"]}, "mentions.1"),
    "an answer to nothing": ({"message": "hola", "reply_to": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "reply_to"),
    "an answer to no key": ({"message": "hola", "reply_to": "false_x@c.us_A"}, "reply_to"),
    "a group": ({"message": "hola", "to": GROUP}, "to"),
    "a picture to nobody": ({"type": "image", "media": {"base64": "QQ==", "mime_type": "image/png"}, "to": "x"}, "to"),
    "too late": (
        {"type": "image", "media": {"base64": "QQ==", "mime_type": "image/png"}, "expires_at": "2020-01-01T00:00:00Z"},
        "expires_at",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    client: FlaskClient, maria: dict[str, str], services: Services, drain: Drain, what: str
) -> None:
    body, field = BAD[what]

    answer = client.post(URL, headers=maria, json={"to": TO, "on_not_ready": "queue"} | body)

    assert answer.status_code == (404 if what == "no such file" else 400), answer.text
    assert field in answer.json["details"], answer.json
    drain.run()
    assert count(services, MessageRecord) == 0
    assert services.ledger.entries.not_ended() == []
    assert list(services.media.tenants()) == []


class TestOneKey:
    def test_is_the_same_message_however_the_same_bytes_come_and_are_called(
        self, services: Services, send: Send, media_id: Callable[[str], str]
    ) -> None:
        first, again = media_id("image"), give(services, PNG, "image/png", "otra.png")
        sent = send(key="k", type="image", media={"media_id": first}, caption="mire")
        repeated = send(key="k", type="image", media={"media_id": again}, caption="mire")
        assert (repeated["message_id"], repeated["duplicate"]) == (sent["message_id"], True)

    @pytest.mark.parametrize(
        "other",
        [
            {"caption": "otra"},
            {"type": "document"},
            {"mentions": [ANA]},
            {"file_name": "otra.png"},
            {"media": "document", "type": "document"},
        ],
    )
    def test_is_a_conflict_where_anything_else_is_said(
        self, send: Send, media_id: Callable[[str], str], other: dict[str, Any]
    ) -> None:
        body = {"type": "image", "media": {"media_id": media_id("image")}, "caption": "mire"}
        send(key="k", **body)
        if "media" in other:
            other = other | {"media": {"media_id": media_id(other["media"])}}
        assert send(409, key="k", **body | other)["error"] == "IDEMPOTENCY_CONFLICT"

    def test_of_a_plain_text_stands_for_what_it_stood_for_before_there_were_types(self, send: Send) -> None:
        sent = send(key="k", message="hola", name="de otra cosa")
        assert send(key="k", message="hola", type="text")["message_id"] == sent["message_id"]
