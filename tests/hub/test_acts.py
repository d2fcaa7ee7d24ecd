"""Reactions, edits and deletions: what is refused before anybody is asked, what is on record, and what comes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from conversations_told import CHAT, GROUP, NOW, WHO, Tell, message, telling
from flask.testing import FlaskClient
from hub_records import accept

from hub_api.acts.objects import ActObject
from hub_api.acts.service import end_overdue
from hub_api.messages.service import SendRequest, send_text
from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.acts.acts import BEGIN_WITHIN_MS, END_WITHIN_MS
from shared.names import TASK_ACT
from shared.protocol.acts import ActKind, ActStatus
from shared.protocol.events import MessageUpdated
from shared.protocol.inbound import Change, InboundType, ReactionTo
from shared.transitions.session import SessionStatus
from support.owner import Owner
from support.waiting import until

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51"
HOUR_MS = 3_600_000
Call = Callable[..., Any]


@pytest.fixture
def tell(services: Services, drain: Drain) -> Tell:
    return telling(services, drain)


@pytest.fixture
def owner(own: Callable[..., Owner]) -> Owner:
    return own(SessionStatus.READY)


@pytest.fixture
def sent(services: Services, owner: Owner, drain: Drain) -> Callable[..., tuple[str, str]]:
    """A message of ours that WhatsApp acknowledged: our id and WhatsApp's."""

    def make(*, ago_ms: int = 1_000, **fields: Any) -> tuple[str, str]:
        at = now_ms() - ago_ms
        message_id = accept(services, WHO, at, **fields)
        claimed = owner.claim(at_ms=at)
        key = f"true_{CHAT}_{message_id}"
        owner.put_key(claimed, key, CHAT)
        services.ledger.receipts.acknowledge(51, key, 1, at)
        drain.run()
        return message_id, key

    return make


@pytest.fixture
def call(client: FlaskClient, maria: dict[str, str]) -> Call:
    def made(method: str, path: str, body: Any = None) -> Any:
        answer: Any = client.open(URL + path, method=method, headers=maria, json=body)
        return {"http": answer.status_code, **answer.json}

    return made


def ends(services: Services, drain: Drain, act_id: str, status: ActStatus, error: str = "") -> None:
    """What the session's worker does."""
    entry = services.ledger.acts.read(act_id)
    assert entry is not None
    assert services.ledger.acts.end(entry.act, status, error, now_ms())
    drain.run()


ASKED = [
    ("POST", "/messages/{}/react", {"emoji": "👍"}, ActKind.REACTION),
    ("PATCH", "/messages/{}", {"message": " chau "}, ActKind.EDIT),
    ("DELETE", "/messages/{}", None, ActKind.DELETION),
]


@pytest.mark.parametrize(("method", "path", "body", "kind"), ASKED, ids=lambda value: str(value)[:12])
def test_an_act_is_on_record_before_its_worker_is_told(
    sent: Call, call: Call, services: Services, queued: Call, method: str, path: str, body: Any, kind: ActKind
) -> None:
    message_id, key = sent()

    answer = call(method, path.format(message_id), body)

    ActObject.model_validate(answer)
    assert (answer["http"], answer["status"], answer["kind"]) == (202, "asked", kind)
    assert (answer["message_id"], answer["whatsapp_id"]) == (message_id, key)
    entry = services.ledger.acts.next(51)
    assert entry is not None
    assert (entry.act.act_id, entry.act.text) == (answer["act_id"], "chau" if kind is ActKind.EDIT else "")
    assert entry.act.emoji == ("👍" if kind is ActKind.REACTION else "")
    [task] = [one for one in queued() if one.name == TASK_ACT]
    assert (task.name, task.kwargs["act_id"]) == (TASK_ACT, answer["act_id"])


@pytest.mark.parametrize(
    ("status", "error"),
    [(ActStatus.DONE, ""), (ActStatus.FAILED, "REFUSED_BY_WHATSAPP"), (ActStatus.UNKNOWN, "NO_OUTCOME")],
)
def test_its_outcome_is_in_the_history_of_the_message(
    sent: Call, call: Call, services: Services, drain: Drain, status: ActStatus, error: str
) -> None:
    message_id, _ = sent()
    act_id = call("DELETE", f"/messages/{message_id}")["act_id"]

    ends(services, drain, act_id, status, error)

    asked, ended = call("GET", f"/messages/{message_id}?events=true")["events"][-2:]
    assert (asked["type"], asked["data"]["act_id"]) == ("message.act_asked", act_id)
    assert (ended["type"], ended["data"]["kind"], ended["data"].get("error", "")) == (
        f"message.act_{status}",
        "deletion",
        error,
    )
    found = call("GET", f"/acts/{act_id}")
    assert (found["status"], found["error"] or "") == (status, error)
    services.client.delete(services.keys.act(act_id))
    assert call("GET", f"/acts/{act_id}") == found


def test_who_waits_is_answered_with_the_outcome(sent: Call, call: Call, services: Services, drain: Drain) -> None:
    message_id, _ = sent()
    answers: list[Any] = []
    waiting = threading.Thread(
        target=lambda: answers.append(call("PATCH", f"/messages/{message_id}?wait=20", {"message": "chau"}))
    )
    waiting.start()
    entry = until(lambda: services.ledger.acts.next(51), 10, "an act")
    ends(services, drain, entry.act.act_id, ActStatus.DONE)
    waiting.join(20)

    assert [(one["http"], one["status"]) for one in answers] == [(200, "done")]


def test_an_edit_and_a_deletion_show_in_message_and_thread(
    sent: Call, call: Call, services: Services, drain: Drain, tell: Tell
) -> None:
    message_id, key = sent()
    act_id = call("PATCH", f"/messages/{message_id}", {"message": "chau"})["act_id"]
    at = now_ms()
    services.ledger.receipts.record(51, [MessageUpdated(key, Change.EDITED, at, "chau", "true_x_3EB0E")], at)
    ends(services, drain, act_id, ActStatus.DONE)

    [shown] = call("GET", f"/chats/{CHAT}/messages")["items"]
    found = call("GET", f"/messages/{message_id}")
    [listed] = call("GET", "/messages")["items"]
    for one in (shown, found, listed):
        assert (one["message"], one["revoked_at"]) == ("chau", None)
        assert one["edited_at"] is not None

    services.ledger.receipts.record(51, [MessageUpdated(key, Change.REVOKED, at + 1)], at)
    drain.run()
    assert call("GET", f"/messages/{message_id}")["revoked_at"] is not None
    assert (call("PATCH", f"/messages/{message_id}", {"message": "x"})["error"]) == "MESSAGE_DELETED"
    assert (call("POST", f"/messages/{message_id}/react", {"emoji": "👍"})["error"]) == "MESSAGE_DELETED"
    assert call("DELETE", f"/messages/{message_id}")["http"] == 202  # repeating does no harm


class TestReactionsToWhatCameIn:
    """By WhatsApp's key."""

    def test_a_reaction(self, tell: Tell, call: Call, owner: Owner, services: Services, drain: Drain) -> None:
        told = message("A7")
        tell(told)
        answer = call("POST", f"/messages/{told.whatsapp_id}/react", {"emoji": "❤"})
        assert (answer["http"], answer["message_id"], answer["whatsapp_id"]) == (202, None, told.whatsapp_id)
        drain.run()
        ends(services, drain, answer["act_id"], ActStatus.DONE)
        assert call("GET", f"/acts/{answer['act_id']}")["status"] == "done"

    def test_it_is_taken_back(self, tell: Tell, call: Call, owner: Owner) -> None:
        told = message("A8", chat_id=GROUP)
        tell(told)
        answer = call("POST", f"/messages/{told.whatsapp_id}/react", {"emoji": ""})
        assert (answer["http"], answer["emoji"]) == (202, "")

    def test_ours_by_whatsapps_key(self, sent: Call, call: Call) -> None:
        message_id, key = sent()
        assert call("POST", f"/messages/{key}/react", {"emoji": "👍"})["message_id"] == message_id

    @pytest.mark.parametrize(("method", "body"), [("PATCH", {"message": "x"}), ("DELETE", None)])
    def test_nobody_elses_message_is_edited_or_deleted(
        self, tell: Tell, call: Call, owner: Owner, method: str, body: Any
    ) -> None:
        told = message("A9")
        tell(told)
        answer = call(method, f"/messages/{told.whatsapp_id}", body)
        assert (answer["http"], answer["error"]) == (409, "NOT_EDITABLE")

    def test_a_reaction_is_no_message(self, tell: Tell, call: Call, owner: Owner) -> None:
        told = message("AA", type=InboundType.REACTION, reaction=ReactionTo("👍", f"false_{CHAT}_A1"))
        tell(told)
        answer = call("POST", f"/messages/{told.whatsapp_id}/react", {"emoji": "👍"})
        assert (answer["http"], answer["error"], list(answer["details"])) == (400, "VALIDATION_ERROR", ["message_id"])


class TestRefused:
    """Before anything is on record."""

    @pytest.fixture(autouse=True)
    def _nothing_is_kept(self, services: Services, queued: Call, database_kind: str) -> Any:
        yield
        assert services.ledger.acts.next(51) is None
        assert TASK_ACT not in [one.name for one in queued()]

    def test_an_edit_that_comes_too_late(self, sent: Call, call: Call) -> None:
        message_id, _ = sent(ago_ms=901_000)
        answer = call("PATCH", f"/messages/{message_id}", {"message": "chau"})
        assert (answer["http"], answer["error"], answer["details"]["limit_seconds"]) == (409, "TOO_LATE", 900)

    def test_a_deletion_that_comes_too_late(self, sent: Call, call: Call, services: Services) -> None:
        message_id, _ = sent()
        services.client.hset(services.keys.message(message_id), "sent_at", now_ms() - 61 * HOUR_MS)
        answer = call("DELETE", f"/messages/{message_id}")
        assert (answer["http"], answer["error"], answer["details"]["limit_seconds"]) == (409, "TOO_LATE", 216_000)

    def test_what_whatsapp_does_not_have(self, services: Services, owner: Owner, call: Call) -> None:
        message_id = accept(services, WHO, now_ms())
        for method, body in (("PATCH", {"message": "x"}), ("DELETE", None)):
            answer = call(method, f"/messages/{message_id}", body)
            assert (answer["http"], answer["error"], answer["details"]) == (
                409,
                "MESSAGE_NOT_SENT",
                {"status": "queued"},
            )

    def test_a_session_that_is_not_ready(self, sent: Call, call: Call, owner: Owner) -> None:
        message_id, _ = sent()
        owner.shows(SessionStatus.QR_REQUIRED)
        answer = call("DELETE", f"/messages/{message_id}")
        assert (answer["http"], answer["error"], answer["details"]) == (
            503,
            "SESSION_NOT_READY",
            {"status": "QR_REQUIRED"},
        )

    def test_another_tenants_message(self, call: Call, own: Call, services: Services) -> None:
        own(SessionStatus.READY)
        own(SessionStatus.READY, 52)
        theirs = send_text(services, 52, SendRequest(WHO, "hola", wake=True), now_ms()).message.message_id
        for method, path, body, _ in ASKED:
            assert call(method, path.format(theirs), body)["http"] == 404

    @pytest.mark.parametrize("emoji", ["hola", "a", "👍" * 33, 7, None])
    def test_what_is_no_emoji(self, sent: Call, call: Call, emoji: Any) -> None:
        message_id, _ = sent()
        answer = call("POST", f"/messages/{message_id}/react", {"emoji": emoji})
        assert (answer["http"], list(answer["details"])) == (400, ["emoji"])

    @pytest.mark.parametrize("text", ["", "  ", "x" * 4_097, 7])
    def test_a_text_that_is_none(self, sent: Call, call: Call, text: Any) -> None:
        message_id, _ = sent()
        answer = call("PATCH", f"/messages/{message_id}", {"message": text})
        assert (answer["http"], answer["error"], list(answer["details"])) == (400, "INVALID_MESSAGE", ["message"])


class TestNoneStaysOpen:
    """The background worker ends what nobody else does."""

    def test_time_is_up(self, sent: Call, call: Call, services: Services, drain: Drain, owner: Owner) -> None:
        message_id, _ = sent()
        never_begun = call("DELETE", f"/messages/{message_id}")["act_id"]
        begun = call("PATCH", f"/messages/{message_id}", {"message": "chau"})["act_id"]
        entry = services.ledger.acts.read(begun)
        assert entry is not None
        assert services.ledger.acts.begin(owner.lease, entry.act, "run", now_ms()) == "ok"

        assert end_overdue(services, now_ms() + max(BEGIN_WITHIN_MS, END_WITHIN_MS)) == 2

        drain.run()
        found = {act_id: call("GET", f"/acts/{act_id}") for act_id in (never_begun, begun)}
        assert (found[never_begun]["status"], found[never_begun]["error"]) == ("failed", "EXPIRED")
        assert (found[begun]["status"], found[begun]["error"]) == ("unknown", "NO_OUTCOME")
        assert found[begun]["error_message"]

    def test_what_redis_forgot(self, sent: Call, call: Call, services: Services, drain: Drain) -> None:
        message_id, _ = sent()
        act_id = call("DELETE", f"/messages/{message_id}")["act_id"]
        drain.run()
        services.client.delete(services.keys.act(act_id), services.keys.acts_open(51), services.keys.act_deadlines)
        assert call("GET", f"/acts/{act_id}")["status"] == "asked"
        assert end_overdue(services, now_ms() + 9 * 60_000) == 0
        assert end_overdue(services, now_ms() + 11 * 60_000) == 1
        drain.run()
        assert call("GET", f"/acts/{act_id}")["status"] == "unknown"
        assert end_overdue(services, now_ms() + 12 * 60_000) == 0


def test_events_that_are_read_twice_change_nothing(sent: Call, call: Call, services: Services, drain: Drain) -> None:
    told = f"{NOW}"
    message_id, _ = sent()
    act_id = call("DELETE", f"/messages/{message_id}")["act_id"]
    ends(services, drain, act_id, ActStatus.DONE)
    before = call("GET", f"/messages/{message_id}?events=true")["events"]
    entry = {"cliente_id": "51", "message_id": message_id, "at": told}
    data = f'{{"act_id": "{act_id}", "kind": "deletion", "whatsapp_id": "true_{CHAT}_{message_id}"}}'
    services.client.xadd(services.keys.events, {"type": "message.act_failed", "data": data, **entry})
    drain.run()
    assert call("GET", f"/acts/{act_id}")["status"] == "done"
    assert call("GET", f"/messages/{message_id}?events=true")["events"] == before
