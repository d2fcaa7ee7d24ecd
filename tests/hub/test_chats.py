"""Conversations: their list, both directions of one, and that one is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conversations_told import CHAT, GROUP, LID, NOW, OTHER, OWN, WHO, Tell, message, telling
from flask.testing import FlaskClient
from hub_records import accept, count
from sqlalchemy import event, text

from hub_api.chats.models import Conversation
from hub_api.chats.objects import ChatList, ChatMessageList, ChatObject, Typing
from hub_api.public_events import log
from hub_api.public_events.log import Wanted
from hub_api.recipients import service as recipients
from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.names import TASK_MARK_READ, TASK_SHOW_TYPING
from shared.protocol.commands import MarkReadAnswer, Refusal, ShowTyping, TypingAnswer
from shared.protocol.events import MessageUpdated
from shared.protocol.inbound import Change, Direction, InboundType, PollVote, ReactionTo
from shared.transitions.message import Lane
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/chats"
Call = Callable[..., Any]


@pytest.fixture
def tell(services: Services, drain: Drain) -> Tell:
    return telling(services, drain)


@pytest.fixture
def owner(own: Callable[..., Owner]) -> Owner:
    """The session's, at the moment of the messages."""
    return own(SessionStatus.READY, clock=lambda: NOW + 5_000)


@pytest.fixture
def send(services: Services, owner: Owner, drain: Drain) -> Callable[..., str]:
    """A message of ours that WhatsApp acknowledged at NOW + 5 s."""

    def sent(to: str = WHO, chat_id: str = CHAT, *, ack: int = 1, **fields: Any) -> str:
        message_id = accept(services, to, NOW, **fields)
        claimed = owner.claim()
        key = f"true_{chat_id}_{message_id}"
        owner.put_key(claimed, key, chat_id)
        owner.acknowledge(claimed, ack, key)
        drain.run()
        return message_id

    return sent


@pytest.fixture
def get(client: FlaskClient, maria: dict[str, str]) -> Call:
    """An answer's items; each is as the document says."""

    def got(path: str = "", model: Any = ChatList) -> Any:
        answer: Any = client.get(URL + path, headers=maria)
        assert answer.status_code == 200, answer.text
        model.model_validate(answer.json)
        return answer.json["items"]

    return got


@pytest.fixture
def messages(get: Call) -> Call:
    def got(chat_id: str = CHAT, query: str = "") -> list[tuple[str, str]]:
        items = get(f"/{chat_id}/messages{query}", ChatMessageList)
        return [(item["direction"], item["message"]) for item in items]

    return got


class TestList:
    def test_the_latest_first_with_its_last_message(self, tell: Tell, get: Call) -> None:
        tell(
            message("A1", push_name="Ana"),
            message("A2", at=NOW + 1, sender=OTHER, chat_id=GROUP, author=OTHER, push_name="Bea", message="a todos"),
            message("A3", at=NOW + 2, message="¿y?"),
        )
        first, second = get()
        assert (first["chat_id"], first["number"], first["name"], first["group"], first["unread"]) == (
            CHAT, WHO, "Ana", False, 2,
        )  # fmt: skip
        assert (first["last_message"]["message"], first["last_at"]) == ("¿y?", "2027-01-15T08:00:00.002Z")
        assert (second["chat_id"], second["number"], second["name"], second["group"], second["unread"]) == (
            GROUP, None, None, True, 1,
        )  # fmt: skip

    def test_who_was_only_written_to_is_there_too(self, send: Call, get: Call) -> None:
        message_id = send(lane=Lane.CAMPAIGN)
        [item] = get()
        last = item["last_message"]
        assert (item["chat_id"], item["unread"], last["message_id"], last["status"]) == (CHAT, 0, message_id, "sent")

    def test_pages(self, tell: Tell, client: FlaskClient, maria: dict[str, str]) -> None:
        tell(*(message("A1", sender=f"549118765430{n}", chat_id=f"549118765430{n}@c.us", at=NOW) for n in range(5)))
        found: list[str] = []
        cursor = ""
        while True:
            page: Any = client.get(f"{URL}?limit=2{cursor}", headers=maria).json
            found += [item["number"][-1] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == ["4", "3", "2", "1", "0"]

    def test_a_message_that_comes_late_does_not_become_the_last(self, tell: Tell, get: Call) -> None:
        tell(message("A1", message="nueva"), message("A2", at=NOW - 1, message="vieja"))
        [item] = get()
        assert (item["last_message"]["message"], item["unread"]) == ("nueva", 2)


class TestUnread:
    def test_an_answer_reads_what_came_before_it(self, tell: Tell, send: Call, get: Call) -> None:
        tell(message("A1"), message("A2", at=NOW + 6_000))
        send()
        assert get()[0]["unread"] == 1

    def test_bulk_and_campaigns_answer_nobody(self, tell: Tell, send: Call, get: Call) -> None:
        tell(message("A1"))
        send(lane=Lane.BULK)
        send(lane=Lane.CAMPAIGN)
        assert get()[0]["unread"] == 1

    def test_the_owner_answers_on_the_phone(self, tell: Tell, get: Call) -> None:
        tell(message("A1"), message("A2", sender=OWN, direction=Direction.OUT, at=NOW + 1), message("A3", at=NOW + 2))
        assert get()[0]["unread"] == 1

    def test_reactions_and_votes_wait_for_nobody(self, tell: Tell, get: Call) -> None:
        tell(
            message("A1", type=InboundType.REACTION, message="", reaction=ReactionTo("👍", "true_x@c.us_1")),
            message("A2", type=InboundType.POLL_VOTE, message="", vote=PollVote("true_x@c.us_2")),
            message("A3", type=InboundType.ALBUM, message=""),  # its pictures do, each by itself
        )
        assert get()[0]["unread"] == 0

    def test_what_comes_twice_counts_once(self, tell: Tell, get: Call, services: Services) -> None:
        tell(message("A1"))
        services.client.delete(*services.client.keys(services.keys.inbound_seen_prefix(51) + "*"))
        tell(message("A1"))
        assert get()[0]["unread"] == 1


class TestMessages:
    def test_both_directions_with_ticks_newest_first(self, tell: Tell, send: Call, messages: Call, get: Call) -> None:
        tell(message("A1", message="uno"))
        message_id = send(ack=2)
        tell(
            message("A2", at=NOW + 6_000, message="dos"),
            message("A3", at=NOW + 7_000, message="tres", sender=OWN, direction=Direction.OUT),
        )
        assert messages() == [("out", "tres"), ("in", "dos"), ("out", "hola"), ("in", "uno")]
        ours = get(f"/{CHAT}/messages", ChatMessageList)[2]
        assert (ours["message_id"], ours["status"], ours["from"]) == (message_id, "delivered", None)
        assert (ours["sent_at"], ours["delivered_at"], ours["read_at"]) == (
            "2027-01-15T08:00:05.000Z", "2027-01-15T08:00:05.000Z", None,
        )  # fmt: skip

    def test_what_still_waits_is_there(self, tell: Tell, services: Services, drain: Drain, messages: Call) -> None:
        tell(message("A1", message="uno", at=NOW - 1))
        accept(services, WHO, NOW)
        drain.run()
        assert messages() == [("out", "hola"), ("in", "uno")]

    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_pages_of_what_happened_at_one_moment(
        self, tell: Tell, services: Services, drain: Drain, client: FlaskClient, maria: dict[str, str], limit: int
    ) -> None:
        for to in (WHO, WHO.replace("549", "54", 1)):
            accept(services, to, NOW)
        drain.run()
        tell(*(message(f"A{n}", message=str(n), at=NOW - n % 2) for n in range(4)))
        found: list[str] = []
        cursor = ""
        while True:
            page: Any = client.get(f"{URL}/{CHAT}/messages?limit={limit}{cursor}", headers=maria).json
            found += [item["message"] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == ["hola", "hola", "2", "0", "3", "1"]

    def test_changes_and_reactions_are_shown_at_their_message(self, tell: Tell, send: Call, get: Call) -> None:
        ours = f"true_{CHAT}_{send()}"
        react: dict[str, Any] = {"type": InboundType.REACTION, "message": ""}
        tell(
            message("A1", reaction=ReactionTo("👍", ours), **react),
            message("A2", at=NOW + 1, reaction=ReactionTo("❤️", ours), **react),
            message("A3", at=NOW + 2, sender=OTHER, reaction=ReactionTo("😮", ours), **react),
            message("A4", at=NOW + 3, sender=OTHER, reaction=ReactionTo("", ours), **react),
            MessageUpdated(ours, Change.EDITED, NOW + 9_000, "hola, Ana"),
            MessageUpdated(ours, Change.REVOKED, NOW + 10_000),
        )
        [found] = [item for item in get(f"/{CHAT}/messages", ChatMessageList) if item["whatsapp_id"] == ours]
        assert [(one["from"], one["emoji"]) for one in found["reactions"]] == [(WHO, "❤️")]
        assert (found["message"], found["revoked_at"]) == ("hola, Ana", "2027-01-15T08:00:10.000Z")

    def test_callers_are_told_of_changes_of_ours_and_under_another_address(
        self, tell: Tell, send: Call, services: Services
    ) -> None:
        message_id = send()
        tell(message("A1"), message("L1", at=NOW + 1, chat_id=LID))
        tell(
            MessageUpdated(f"true_{LID}_{message_id}", Change.REVOKED, NOW + 10_000),
            MessageUpdated(f"false_{LID}_A1", Change.EDITED, NOW + 11_000, "chau"),
        )
        entries = log.after(services.database, 0, Wanted(), 1_000)
        told = [json.loads(entry.body)["data"] for entry in entries if entry.type == "message.updated"]
        assert [(one.get("message_id"), one["message"], one["revoked_at"]) for one in told] == [
            (message_id, "hola", "2027-01-15T08:00:10.000Z"),
            (None, "chau", None),
        ]

    def test_by_any_address_of_the_person(self, tell: Tell, messages: Call) -> None:
        tell(message("A1", message="uno"), message("A2", at=NOW + 1, chat_id=LID, message="dos"))
        for address in (CHAT, WHO, "+54 11 8765-4321", WHO.replace("549", "54", 1) + "@c.us", LID):
            assert messages(address) == [("in", "dos"), ("in", "uno")], address

    def test_a_chat_in_which_nobody_wrote(self, client: FlaskClient, maria: dict[str, str]) -> None:
        for method, path in (("GET", "messages"), ("POST", "read")):
            answer: Any = client.open(f"{URL}/{GROUP}/{path}", method=method, headers=maria).json
            assert answer["error"] == "NOT_FOUND"
            answer = client.open(f"{URL}/nobody/{path}", method=method, headers=maria).json
            assert (answer["error"], list(answer["details"])) == ("INVALID_TO", ["chat_id"])


class TestJoining:
    """A chat known by a LID, and its number."""

    def test_by_what_the_person_writes(self, tell: Tell, get: Call, messages: Call) -> None:
        tell(message("L1", sender=LID, chat_id=LID, message="uno"))
        assert (get()[0]["chat_id"], get()[0]["number"]) == (LID, None)
        tell(message("L2", at=NOW + 1, chat_id=LID, message="dos"))
        [item] = get()
        assert (item["chat_id"], item["number"], item["unread"]) == (CHAT, WHO, 2)
        assert messages() == messages(LID) == [("in", "dos"), ("in", "uno")]

    def test_with_a_conversation_that_was_there(self, tell: Tell, send: Call, get: Call, messages: Call) -> None:
        tell(message("A1", message="cero", at=NOW - 1), message("L1", sender=LID, chat_id=LID, message="uno"))
        tell(message("L2", sender=LID, chat_id=LID, message="dos", at=NOW + 6_000))
        assert len(get()) == 2
        send(chat_id=LID)
        [item] = get()
        assert (item["chat_id"], item["unread"], item["last_message"]["message"]) == (CHAT, 1, "dos")
        assert messages() == [("in", "dos"), ("out", "hola"), ("in", "uno"), ("in", "cero")]
        assert [one["from"] for one in get(f"/{CHAT}/messages", ChatMessageList)] == [WHO, None, WHO, WHO]

    def test_by_an_answer_to_a_contact_check(self, tell: Tell, get: Call, services: Services, drain: Drain) -> None:
        tell(message("L1", sender=LID, chat_id=LID))
        recipients.learn(services, 51, WHO, LID)
        drain.run()
        [item] = get()
        assert (item["chat_id"], item["number"], item["unread"]) == (CHAT, WHO, 1)
        assert count(services, Conversation) == 1


class TestRead:
    @pytest.fixture
    def read(self, client: FlaskClient, maria: dict[str, str]) -> Call:
        def made(chat_id: str = CHAT) -> Any:
            return client.post(f"{URL}/{chat_id}/read", headers=maria)

        return made

    def test_the_worker_is_told_under_whatsapps_own_id(
        self, tell: Tell, read: Call, owner: Owner, answering: Call, get: Call
    ) -> None:
        tell(message("A1"), message("A2", at=NOW + 1, chat_id=LID))
        taken = answering(MarkReadAnswer())
        answer = read()
        ChatObject.model_validate(answer.json)
        assert (answer.status_code, answer.json["unread"], get()[0]["unread"]) == (200, 0, 0)
        assert [task.kwargs["chat_id"] for task in taken] == [LID]
        tell(message("A3", at=NOW + 2))
        assert get()[0]["unread"] == 1

    def test_nothing_counts_as_read_where_it_failed(
        self, tell: Tell, read: Call, own: Call, answering: Call, get: Call
    ) -> None:
        tell(message("A1"))
        refused = read()
        assert (refused.status_code, refused.json["error"]) == (503, "SESSION_NOT_READY")
        assert refused.json["details"] == {"status": "DISCONNECTED"}
        own(SessionStatus.READY)
        answering(Refusal("WHATSAPP_ERROR"))
        assert (read().status_code, get()[0]["unread"]) == (502, 1)

    def test_nobody_is_asked_where_nothing_was_received(self, send: Call, read: Call, queued: Call) -> None:
        send()
        assert (read().status_code, read().json["unread"]) == (200, 0)
        assert [task.name for task in queued() if task.name == TASK_MARK_READ] == []


def test_lists_are_read_by_indexes_in_their_order(
    tell: Tell, get: Call, messages: Call, client: FlaskClient, maria: dict[str, str], services: Services, send: Call,
    database_kind: str,
) -> None:  # fmt: skip
    tell(message("A1"), message("A2", at=NOW + 1, chat_id=LID))
    send()
    asked: list[tuple[str, Any]] = []

    @event.listens_for(services.database.engine, "before_cursor_execute")
    def note(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "LIMIT" in statement and not statement.startswith("EXPLAIN"):
            asked.append((statement, parameters))

    get()
    messages()
    inbound = ["", f"?from={WHO}", f"?chat={CHAT}", "?type=text", "?since=2027-01-01T00:00:00Z"]
    for query in inbound:
        assert client.get(f"/api/whatsapp/51/inbound{query}", headers=maria).status_code == 200
    assert len(asked) > len(inbound) + 3
    explain = "EXPLAIN QUERY PLAN " if database_kind == "sqlite" else "EXPLAIN "
    with services.database.reading() as session:
        if database_kind == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))
            session.execute(text("SET LOCAL enable_sort = off"))
            session.execute(text("SET LOCAL enable_bitmapscan = off"))
        for statement, parameters in list(asked):
            rows = session.connection().exec_driver_sql(explain + statement, parameters)
            plan = "\n".join(str(row[-1]) for row in rows)
            for slow in ("USE TEMP B-TREE", "Seq Scan", "Sort"):
                assert slow not in plan, (statement, plan)
            assert "SCAN " not in plan or database_kind == "postgresql", (statement, plan)


class TestTyping:
    @pytest.fixture
    def type_in(self, client: FlaskClient, maria: dict[str, str]) -> Call:
        def made(chat_id: str, body: Any = None) -> Any:
            answer: Any = client.post(f"{URL}/{chat_id}/typing", headers=maria, json=body)
            return {"http": answer.status_code, **answer.json}

        return made

    def test_it_is_asked_of_the_live_session(self, type_in: Call, owner: Owner, tell: Tell, answering: Call) -> None:
        taken = answering(TypingAnswer())
        answer = type_in(WHO, {"seconds": 12, "recording": True})
        Typing.model_validate(answer)
        assert (answer["http"], answer["chat_id"], answer["seconds"], answer["recording"]) == (200, CHAT, 12, True)
        [task] = taken
        assert task.name == TASK_SHOW_TYPING
        asked = ShowTyping.from_wire(task.kwargs)
        assert (asked.chat_id, asked.seconds, asked.recording) == (CHAT, 12.0, True)

    def test_where_a_conversation_has_another_address(
        self, type_in: Call, owner: Owner, tell: Tell, answering: Call, services: Services
    ) -> None:
        recipients.learn(services, 51, WHO, LID)
        tell(message("L1", chat_id=LID))
        taken = answering(TypingAnswer())
        assert type_in(CHAT)["http"] == 200
        assert [task.kwargs["chat_id"] for task in taken] == [LID]

    def test_a_session_that_is_not_ready(self, type_in: Call, own: Callable[..., Owner]) -> None:
        own(SessionStatus.QR_REQUIRED)
        answer = type_in(CHAT)
        assert (answer["http"], answer["error"]) == (503, "SESSION_NOT_READY")

    def test_a_page_that_refuses(self, type_in: Call, owner: Owner, answering: Call) -> None:
        answering(Refusal("WHATSAPP_ERROR"))
        assert type_in(CHAT)["http"] == 502

    @pytest.mark.parametrize("body", [{"seconds": 0}, {"seconds": 61}, {"seconds": "x"}, {"recording": 1}])
    def test_what_it_does_not_take(self, type_in: Call, owner: Owner, body: Any) -> None:
        answer = type_in(CHAT, body)
        assert (answer["http"], list(answer["details"])) == (400, list(body))
