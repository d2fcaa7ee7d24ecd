"""What comes in of every type, on record and over REST."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from conversations_told import CHAT, GROUP, LID, NOW, OTHER, OWN, TEXT, WHO, Tell, message, telling
from event_schemas import documented
from flask.testing import FlaskClient
from hub_records import accept, count, recorded

from hub_api.inbox.inbound_object import media_of, recorded_objects
from hub_api.inbox.models import InboundMessage
from hub_api.inbox.objects import InboundList, InboundObject
from hub_api.messages.models import MessageChange
from hub_api.public_events import log
from hub_api.public_events.log import Wanted
from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.protocol.events import MessageInbound, MessageMedia, MessageUpdated
from shared.protocol.inbound import (
    Change,
    Choice,
    ContactCard,
    Direction,
    InboundType,
    MediaSource,
    MediaStatus,
    MissedCall,
    Place,
    Poll,
    PollVote,
    ReactionTo,
    Referral,
)
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/inbound"
Call = Callable[..., Any]


@pytest.fixture
def tell(services: Services, drain: Drain) -> Tell:
    return telling(services, drain)


@pytest.fixture
def listed(client: FlaskClient, maria: dict[str, str]) -> Call:
    """The ids of a list, by its query; each answer is as the document says."""

    def get(query: str = "") -> list[str]:
        answer: Any = client.get(f"{URL}{query}", headers=maria)
        assert answer.status_code == 200, answer.text
        InboundList.model_validate(answer.json)
        return [item["whatsapp_id"].split("_", 2)[2] for item in answer.json["items"]]

    return get


@pytest.fixture
def read(client: FlaskClient, maria: dict[str, str]) -> Call:
    def get(body: MessageInbound) -> Any:
        answer = client.get(f"{URL}/{body.whatsapp_id}", headers=maria)
        assert answer.status_code == 200, answer.text
        InboundObject.model_validate(answer.json)
        return answer.json

    return get


SOURCE = MediaSource("image", "image/jpeg", 1_000, "casa.jpg", media_key="c2VjcmV0bw==", direct_path="/v/t62")
OF_EVERY_TYPE: dict[str, tuple[dict[str, Any], str, Any]] = {
    "image": ({"message": "mirá", "media": SOURCE}, "media", {
        "status": "pending", "mime_type": "image/jpeg", "file_name": "casa.jpg", "size": 1_000, "sha256": None,
        "error": None,
    }),
    "location": ({"message": "", "location": Place(-34.6, -58.4, "Obelisco")}, "location", {
        "latitude": -34.6, "longitude": -58.4, "name": "Obelisco", "address": "", "url": "",
    }),
    "contact": ({"message": "", "contacts": (ContactCard("Ana", ("+54 11 1234",), "BEGIN:VCARD"),)}, "contacts", [
        {"name": "Ana", "numbers": ["+54 11 1234"], "vcard": "BEGIN:VCARD"},
    ]),
    "reaction": ({"message": "", "reaction": ReactionTo("❤️", "true_x@c.us_1")}, "reaction", {
        "emoji": "❤️", "to": "true_x@c.us_1",
    }),
    "poll": ({"message": "", "poll": Poll("¿Cuándo?", ("hoy", "mañana"))}, "poll", {
        "question": "¿Cuándo?", "options": ["hoy", "mañana"], "multiple": False,
    }),
    "poll_vote": ({"message": "", "vote": PollVote("true_x@c.us_2", ("hoy",))}, "vote", {
        "poll": "true_x@c.us_2", "options": ["hoy"],
    }),
    "button": ({"message": "Sí", "choice": Choice("si", "Sí")}, "choice", {"choice_id": "si", "title": "Sí"}),
    "call": ({"message": "", "call": MissedCall(video=True)}, "call", {"video": True, "group": False}),
    "album": ({"message": ""}, "media", None),
    "unknown": ({"message": "", "raw_type": "order"}, "raw_type", "order"),
    "text": ({"message": "vi el aviso", "referral": Referral(source_id="9", raw='{"a": 1}')}, "referral", {
        "source_url": "", "title": "", "description": "", "media_type": "", "media_url": "", "thumbnail_url": "",
        "source_app": "", "source_id": "9", "conversion_source": "", "raw": '{"a": 1}',
    }),
}  # fmt: skip


class TestEveryType:
    def test_is_recorded_with_its_parts(self, tell: Tell, read: Call, listed: Call, services: Services) -> None:
        told = {name: message(name, type=InboundType(name), **case[0]) for name, case in OF_EVERY_TYPE.items()}
        tell(*told.values())
        for name, (_, field, expected) in OF_EVERY_TYPE.items():
            found = read(told[name])
            assert (found["type"], found[field], found["message"]) == (name, expected, told[name].message)
        assert listed("?type=poll_vote") == ["poll_vote"]
        assert "c2VjcmV0bw" not in str(read(told["image"]))
        events = [documented(entry.body) for entry in log.after(services.database, 0, Wanted(), 100)]
        assert [event["data"]["type"] for event in events] == list(told)

    def test_what_is_no_text_of_any_database_is_kept_without_it(self, tell: Tell, read: Call) -> None:
        told = message("A9", type=InboundType.CONTACT, contacts=(ContactCard("A\x00\ud800"),), push_name="\x00")
        tell(told)
        assert (read(told)["contacts"][0]["name"], read(told)["push_name"]) == ("A?", None)

    def test_all_fields_of_a_text(self, tell: Tell, read: Call) -> None:
        told = message("A1", push_name="Ana", reply_to="true_x@c.us_1")
        tell(told)
        found = read(told)
        shown = {name: found[name] for name in ("from", "chat_id", "direction", "author", "push_name", "reply_to")}
        assert shown == {
            "from": WHO, "chat_id": CHAT, "direction": "in", "author": None, "push_name": "Ana",
            "reply_to": "true_x@c.us_1",
        }  # fmt: skip
        assert [found[name] for name in ("raw_type", "media", "location", "contacts", "edited_at", "revoked_at")] == [
            None, None, None, [], None, None,
        ]  # fmt: skip


class TestFilters:
    def test_each(self, tell: Tell, listed: Call) -> None:
        tell(
            message("A1"),
            message("A2", at=NOW + 1_000, sender=OTHER, chat_id=f"{OTHER}@c.us"),
            message("A3", at=NOW + 2_000, sender=OTHER, chat_id=GROUP, author=OTHER),
            message("A4", at=NOW + 3_000, sender="5491150000051", direction=Direction.OUT, type=InboundType.IMAGE),
        )
        assert listed() == ["A4", "A3", "A2", "A1"]
        assert listed(f"?from={OTHER}") == ["A3", "A2"]
        assert listed("?from_number=11 8765-4321") == ["A1"]
        assert listed(f"?chat={CHAT}") == listed("?chat=%2B54 11 8765-4321") == ["A4", "A1"]
        assert listed(f"?chat={GROUP}") == ["A3"]
        assert listed("?type=image") == ["A4"]
        assert listed("?since=2027-01-15T08:00:01Z") == ["A4", "A3", "A2"]
        assert listed("?since=2027-01-15T08:00:01Z&until=2027-01-15T08:00:02Z") == ["A2"]
        assert listed(f"?from={OTHER}&chat={GROUP}&type=text") == ["A3"]

    def test_pages_by_a_sender_with_two_forms(
        self, tell: Tell, client: FlaskClient, maria: dict[str, str], listed: Call
    ) -> None:
        told = [
            message(f"A{n}", at=NOW + n // 2, sender=WHO if n % 2 else WHO.replace("549", "54", 1)) for n in range(7)
        ]
        tell(*told)
        found: list[str] = []
        cursor = ""
        while True:
            page: Any = client.get(f"{URL}?limit=2&from={WHO}{cursor}", headers=maria).json
            found += [item["whatsapp_id"][-2:] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == ["A6", "A5", "A4", "A3", "A2", "A1", "A0"]


class TestChanges:
    def test_an_edit_and_a_deletion(self, tell: Tell, read: Call) -> None:
        tell(TEXT, MessageUpdated(TEXT.whatsapp_id, Change.EDITED, NOW + 60_000, "chau"))
        assert (read(TEXT)["message"], read(TEXT)["edited_at"]) == ("chau", "2027-01-15T08:01:00.000Z")
        tell(MessageUpdated(TEXT.whatsapp_id, Change.REVOKED, NOW + 120_000))
        assert (read(TEXT)["message"], read(TEXT)["revoked_at"]) == ("chau", "2027-01-15T08:02:00.000Z")

    def test_what_was_told_before_its_message_waits_for_it(self, tell: Tell, read: Call, services: Services) -> None:
        tell(
            MessageUpdated(TEXT.whatsapp_id, Change.EDITED, NOW + 2, "dos"),
            MessageUpdated(TEXT.whatsapp_id, Change.REVOKED, NOW + 3),
            MessageUpdated(TEXT.whatsapp_id, Change.EDITED, NOW + 1, "uno"),
        )
        assert count(services, MessageChange) == 1
        tell(TEXT)
        assert (read(TEXT)["message"], read(TEXT)["revoked_at"]) == ("dos", "2027-01-15T08:00:00.003Z")
        assert count(services, MessageChange) == 0

    def test_what_was_told_before_its_message_with_it(self, tell: Tell, read: Call, services: Services) -> None:
        tell(MessageUpdated(TEXT.whatsapp_id, Change.EDITED, NOW + 2, "dos"), TEXT)
        assert (read(TEXT)["message"], count(services, MessageChange)) == ("dos", 0)

    def test_an_earlier_edit_that_comes_late_changes_nothing(self, tell: Tell, read: Call) -> None:
        tell(TEXT, *(MessageUpdated(TEXT.whatsapp_id, Change.EDITED, NOW + n, str(n)) for n in (2, 1)))
        assert read(TEXT)["message"] == "2"

    def test_a_change_told_twice_is_known(self, tell: Tell, services: Services, drain: Drain) -> None:
        edit = MessageUpdated(TEXT.whatsapp_id, Change.EDITED, NOW + 1, "chau")
        tell(TEXT, edit, edit)
        taken: list[str] = []
        drain._handlers = [drain._handlers[0], *drain._handlers[1:], _Watching(taken)]
        tell(edit, MessageUpdated(TEXT.whatsapp_id, Change.REVOKED, NOW + 2))
        assert taken == ["revoked"]


class _Watching:
    """A handler that notes which changes it is given."""

    def __init__(self, taken: list[str]) -> None:
        self._taken = taken

    def known(self, session: Any, events: Any) -> set[str]:
        return set()

    def apply(self, session: Any, events: Any) -> None:
        self._taken += [event.body.change.value for event in events]


class TestMedia:
    STORED = MessageMedia(f"false_{CHAT}_M1", MediaStatus.AVAILABLE, "image/png", 12, "ab" * 32)

    def test_what_became_of_the_bytes(self, tell: Tell, read: Call, services: Services) -> None:
        told = message("M1", type=InboundType.IMAGE, media=SOURCE)
        tell(told, self.STORED)
        assert read(told)["media"] == {
            "status": "available", "mime_type": "image/png", "file_name": "casa.jpg", "size": 12, "sha256": "ab" * 32,
            "error": None,
        }  # fmt: skip
        with services.database.reading() as session:
            row = media_of(session, [(51, told.whatsapp_id)])[51, told.whatsapp_id]
        assert (row.stored_at, MediaSource.from_wire(json.loads(row.source))) == (NOW, SOURCE)

    def test_told_before_its_message(self, tell: Tell, read: Call) -> None:
        told = message("M1", type=InboundType.IMAGE, media=SOURCE)
        tell(self.STORED, told)
        assert (read(told)["media"]["status"], read(told)["media"]["size"]) == ("available", 12)


class TestWhoItIs:
    def test_a_lid_becomes_its_number_once_that_is_known(self, tell: Tell, listed: Call, read: Call) -> None:
        first = message("L1", sender=LID, chat_id=LID)
        tell(first)
        assert (read(first)["from"], read(first)["chat_id"]) == (LID, LID)
        second = message("L2", at=NOW + 1, chat_id=LID)
        tell(second)
        assert (read(second)["from"], read(second)["chat_id"]) == (WHO, CHAT)
        for query in (f"?from={LID}", f"?from={WHO}"):
            assert listed(query) == ["L2", "L1"], query

    def test_what_the_owner_writes_to_a_lid_is_of_its_number(self, tell: Tell, read: Call) -> None:
        own = message("L2", sender="5491150000051", chat_id=LID, direction=Direction.OUT)
        tell(message("L1", chat_id=LID), own)
        assert (read(own)["from"], read(own)["chat_id"]) == ("5491150000051", CHAT)


class TestOtherKeys:
    """A chat gets another address, or Redis forgets: SQL knows what it has."""

    @pytest.fixture
    def forgetting(self, services: Services, tell: Tell) -> Tell:
        """Tells what Redis has no mark of any more."""

        def told(*bodies: Any) -> None:
            marks = services.client.keys(services.keys.inbound_seen_prefix(51) + "*")
            services.client.delete(*marks, *services.client.keys(services.keys.whatsapp_key_prefix(51) + "*"))
            tell(*bodies)

        return told

    def test_a_message_is_recorded_once(self, tell: Tell, forgetting: Tell, listed: Call) -> None:
        tell(TEXT, message("L1", chat_id=LID))
        forgetting(replace(TEXT, whatsapp_id=f"false_{LID}_A1", chat_id=LID), message("L1"))
        assert listed() == ["L1", "A1"]

    def test_what_went_out_through_us_is_not_the_owners(
        self, tell: Tell, forgetting: Tell, listed: Call, services: Services, own: Callable[..., Owner], drain: Drain
    ) -> None:
        message_id, owner = accept(services, WHO), own(SessionStatus.READY)
        owner.put_key(owner.claim(), f"true_{LID}_B1", LID)
        drain.run()
        for chat_id in (LID, CHAT):
            own_row = MessageInbound(OWN, "hola", NOW, f"true_{chat_id}_B1", chat_id=chat_id, direction=Direction.OUT)
            forgetting(own_row)
        assert (listed(), recorded(services, message_id).whatsapp_id) == ([], f"true_{LID}_B1")
        typed = MessageInbound(OWN, "yo", NOW, f"true_{CHAT}_B2", chat_id=CHAT, direction=Direction.OUT)
        forgetting(typed)
        assert listed() == ["B2"]

    def test_a_change_is_applied(self, tell: Tell, read: Call) -> None:
        tell(TEXT, message("L1", chat_id=LID))
        tell(MessageUpdated(f"false_{LID}_A1", Change.REVOKED, NOW + 1))
        assert read(TEXT)["revoked_at"] is not None


def test_nobody_elses_and_nothing_unknown(
    tell: Tell, client: FlaskClient, maria: dict[str, str], root: dict[str, str]
) -> None:
    tell(TEXT)
    for url, headers in ((f"{URL}/nothing", maria), (f"/api/whatsapp/52/inbound/{TEXT.whatsapp_id}", root)):
        answer: Any = client.get(url, headers=headers).json
        assert answer["error"] == "NOT_FOUND"


def test_the_object_is_there_in_the_transaction_that_records_it(tell: Tell, services: Services, drain: Drain) -> None:
    found: dict[Any, Any] = {}

    class Reading(_Watching):
        def apply(self, session: Any, events: Any) -> None:
            found.update(recorded_objects(session, [(one.cliente_id, one.message_id) for one in events]))

    drain._handlers = [*drain._handlers, Reading([])]
    tell(TEXT)
    assert found[51, TEXT.whatsapp_id]["message"] == "hola"
    assert count(services, InboundMessage) == 1
