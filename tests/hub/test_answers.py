"""Messages that answer others: by our id or WhatsApp's key, of the same tenant and the same conversation alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conversations_told import CHAT, GROUP, LID, OTHER, WHO, Tell, message, telling
from flask.testing import FlaskClient
from hub_records import count

from hub_api.messages.models import MessageRecord
from hub_api.recipients import service as recipients
from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.instant import now_ms
from shared.protocol.content import Quote
from shared.protocol.events import MessageUpdated
from shared.protocol.inbound import Change, Direction, InboundType, ReactionTo
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/messages"
Send = Callable[..., Any]


@pytest.fixture
def owner(own: Callable[..., Owner]) -> Owner:
    return own(SessionStatus.READY)


@pytest.fixture
def tell(services: Services, drain: Drain) -> Tell:
    return telling(services, drain)


@pytest.fixture
def send(client: FlaskClient, maria: dict[str, str]) -> Send:
    def call(status: int = 202, **body: Any) -> Any:
        given = {"to": WHO, "message": "sí", "on_not_ready": "queue"} | body
        answer = client.post(URL, headers=maria, json=given)
        assert answer.status_code == status, answer.text
        return answer.json

    return call


@pytest.fixture
def refused(send: Send, services: Services, drain: Drain) -> Callable[..., str]:
    """Why an answer to it is refused; nothing is kept of it."""

    def why(reply_to: str, **body: Any) -> str:
        drain.run()
        before = count(services, MessageRecord)
        answer = send(400, reply_to=reply_to, **body)
        drain.run()
        assert answer["error"] == "VALIDATION_ERROR"
        assert count(services, MessageRecord) == before
        return str(answer["details"]["reply_to"])

    return why


def test_an_answer_to_what_somebody_wrote(send: Send, tell: Tell, owner: Owner) -> None:
    told = message("A1", message="¿sigue en venta? " + "x" * 2_000, type=InboundType.IMAGE)
    tell(told)

    sent = send(reply_to=told.whatsapp_id)

    assert sent["reply_to"] == told.whatsapp_id
    assert owner.claim().content.quote == Quote(told.whatsapp_id, WHO, "image", told.message[:1_024])


def test_an_answer_to_what_the_owner_wrote_on_the_phone(send: Send, tell: Tell, owner: Owner) -> None:
    told = message("A1", direction=Direction.OUT)
    tell(told)
    send(reply_to=told.whatsapp_id)
    assert owner.claim().content.quote == Quote(told.whatsapp_id, "", "text", "hola")


def test_an_answer_to_ours_by_either_id_from_the_moment_it_is_out(
    client: FlaskClient, maria: dict[str, str], send: Send, owner: Owner, drain: Drain, refused: Callable[..., str]
) -> None:
    first = send(message="¿le interesa?")
    assert refused(first["message_id"]) == "that message was not sent"
    claimed = owner.claim()
    key = f"true_{CHAT}_1"
    owner.put_key(claimed, key, CHAT)
    assert refused(first["message_id"]) == "that message was not sent"  # it is not known yet whether it is out
    owner.acknowledge(claimed, 1, key)

    by_ours, by_key = send(reply_to=first["message_id"]), send(reply_to=key)  # not on record yet
    drain.run()
    later = send(reply_to=key)

    assert [one["reply_to"] for one in (by_ours, by_key, later)] == [key] * 3
    for _ in range(3):
        answer = owner.send_next()
        assert answer is not None
        assert answer.content.quote == Quote(key, "", "text", "¿le interesa?")
    drain.run()
    thread = client.get(f"/api/whatsapp/51/chats/{CHAT}/messages", headers=maria).json["items"]
    assert [one["reply_to"] for one in thread] == [key, key, key, None]


def test_an_answer_says_what_the_message_was_edited_to(send: Send, tell: Tell, owner: Owner) -> None:
    told = message("A1")
    tell(told, MessageUpdated(told.whatsapp_id, Change.EDITED, told.at + 1, message="buenas", change_id="e1"))
    send(reply_to=told.whatsapp_id)
    quote = owner.claim().content.quote
    assert quote is not None
    assert quote.text == "buenas"


def test_the_key_of_another_address_of_the_chat_will_do(
    send: Send, tell: Tell, owner: Owner, services: Services
) -> None:
    tell(message("A1"))
    recipients.learn(services, 51, WHO, LID)
    send(reply_to=f"false_{LID}_A1")
    quote = owner.claim().content.quote
    assert quote is not None
    assert quote.key == f"false_{CHAT}_A1"


class TestIsRefused:
    def test_where_it_is_another_tenants(
        self, client: FlaskClient, token_of: Callable[[str], str], send: Send, tell: Tell, refused: Callable[..., str]
    ) -> None:
        told, sent = message("A1"), send()
        tell(told)
        pedro = {"Authorization": f"Bearer {token_of('pedro')}"}
        for reply_to in (told.whatsapp_id, sent["message_id"]):
            body = {"to": WHO, "message": "x", "on_not_ready": "queue", "reply_to": reply_to}
            answer = client.post("/api/whatsapp/52/messages", headers=pedro, json=body)
            assert answer.status_code == 400
            assert answer.json["details"] == {"reply_to": "no message of this tenant has this id"}

    def test_where_somebody_else_wrote_it(self, tell: Tell, refused: Callable[..., str]) -> None:
        told = message("A1")
        tell(told)
        assert refused(told.whatsapp_id, to=OTHER) == "that message is of another conversation"

    def test_where_it_went_to_somebody_else(self, send: Send, owner: Owner, refused: Callable[..., str]) -> None:
        sent = send(to=OTHER)
        owner.send_next()
        assert refused(sent["message_id"]) == "that message is of another conversation"

    def test_where_it_was_deleted(self, tell: Tell, refused: Callable[..., str]) -> None:
        told = message("A1")
        tell(told, MessageUpdated(told.whatsapp_id, Change.REVOKED, told.at + 1))
        assert refused(told.whatsapp_id) == "that message was deleted"

    def test_where_it_is_a_reaction(self, tell: Tell, refused: Callable[..., str]) -> None:
        told = message("A1", type=InboundType.REACTION, message="", reaction=ReactionTo("👍", f"true_{CHAT}_1"))
        tell(told)
        assert refused(told.whatsapp_id) == "no message that could be answered"

    def test_where_it_failed(self, send: Send, owner: Owner, refused: Callable[..., str]) -> None:
        sent = send()
        owner.fail_next("NOT_ON_WHATSAPP")
        assert refused(sent["message_id"]) == "that message was not sent"


class TestGroups:
    @pytest.fixture(autouse=True)
    def _allowed(self, client: FlaskClient, root: dict[str, str]) -> None:
        answer = client.patch("/api/tenants/51", headers=root, json={"allow_groups": True})
        assert (answer.status_code, answer.json["allow_groups"]) == (200, True)

    def test_take_messages_where_the_tenant_allows_it_and_their_threads_show_them(
        self, client: FlaskClient, maria: dict[str, str], root: dict[str, str], send: Send, owner: Owner, tell: Tell
    ) -> None:
        told = message("A1", chat_id=GROUP, author=WHO, sender=WHO, at=now_ms() - 1_000)
        tell(told)

        sent = send(to=f" {GROUP.upper()} ", reply_to=told.whatsapp_id, mentions=[WHO])

        assert sent["to"] == GROUP
        claimed = owner.claim()
        assert (claimed.to, claimed.content.quote) == (GROUP, Quote(told.whatsapp_id, WHO, "text", "hola"))
        key = f"true_{GROUP}_{sent['message_id']}_5491150000051@c.us"
        owner.put_key(claimed, key, GROUP)
        owner.acknowledge(claimed, 1, key)
        tell()
        thread = client.get(f"/api/whatsapp/51/chats/{GROUP}/messages", headers=maria).json["items"]
        assert [(one["chat_id"], one["direction"], one["message"]) for one in thread] == [
            (GROUP, "out", "sí"),
            (GROUP, "in", "hola"),
        ]
        assert thread[0]["mentions"] == [WHO]
        [chat] = client.get("/api/whatsapp/51/chats", headers=maria).json["items"]
        assert (chat["chat_id"], chat["group"], chat["number"], chat["unread"]) == (GROUP, True, None, 0)
        assert chat["last_message"]["message_id"] == sent["message_id"]
        [listed] = client.get(URL, headers=maria, query_string={"to": GROUP}).json["items"]
        assert listed["message_id"] == sent["message_id"]
        client.patch("/api/tenants/51", headers=root, json={"allow_groups": None})
        assert send(400, to=GROUP)["error"] == "INVALID_TO"

    def test_are_asked_of_nobody_elses_opt_out(self, client: FlaskClient, maria: dict[str, str], send: Send) -> None:
        client.post("/api/optouts", headers=maria, json={"numbers": [WHO]})
        assert send(403)["error"] == "RECIPIENT_OPTED_OUT"
        assert send(to=GROUP)["status"] == "queued"

    def test_in_a_bulk_too_each_by_itself(self, client: FlaskClient, maria: dict[str, str]) -> None:
        entries = [{"to": to, "message": "hola"} for to in (GROUP, "12@g.us", "5491123456789-1@newsletter")]
        done = client.post(f"{URL}/bulk", headers=maria, json={"messages": entries}).json
        assert [one.get("error") for one in done["items"]] == ["SESSION_NOT_READY", "INVALID_TO", "INVALID_TO"]

    def test_stand_in_order_among_themselves(self, send: Send, owner: Owner) -> None:
        first, second = send(to=GROUP), send(to=GROUP)
        assert owner.claim().message_id == first["message_id"]
        other = send(to=WHO)
        assert owner.claim().message_id == other["message_id"] != second["message_id"]
