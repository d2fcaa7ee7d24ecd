"""SQL learns a message's key with its acknowledgement where Redis lost the event that told it, and shows it once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import redis
from conversations_told import CHAT, LID, NOW, WHO, message
from flask.testing import FlaskClient
from hub_records import accept, count, recorded
from older_redis import Server

from hub_api.chats.models import Conversation
from hub_api.inbox.counting import taken_in
from hub_api.inbox.models import InboundMessage
from hub_api.messages.history import events_of
from hub_api.public_events import log
from hub_api.public_events.log import Wanted
from hub_api.recipients import service as recipients
from hub_api.recording.drain import Drain
from hub_api.repair import late_record
from hub_api.repair.lost_state import LostState
from hub_api.services import Services
from shared.ledger.claiming.work import Outcome, PutKey
from shared.names import EventType, Keys
from shared.protocol.events import MessageInbound, MessageUpdated, event_data
from shared.protocol.inbound import Change, Direction
from shared.transitions.session import SessionStatus
from support.claiming import stored
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

KEY = f"true_{CHAT}_3EB0A1"
SENT_AT = NOW + 5_000
# The row that the page's database has of it.
ROW = replace(message("A1"), sender="5491150000051", whatsapp_id=KEY, direction=Direction.OUT, at=SENT_AT - 900)
Shown = Callable[[], list[tuple[str | None, str, str | None]]]


@pytest.fixture
def owner(own: Callable[..., Owner]) -> Owner:
    return own(SessionStatus.READY, clock=lambda: SENT_AT)


@pytest.fixture
def under_way(services: Services, drain: Drain, owner: Owner) -> str:
    """A message of ours that has its key, of which SQL knows only that it was accepted."""
    message_id = accept(services, WHO, NOW)
    drain.run()
    assert owner.put_key(owner.claim(), KEY, CHAT) is PutKey.OK
    return message_id


@pytest.fixture
def shown(client: FlaskClient, maria: dict[str, str]) -> Shown:
    """The conversation's messages: our id, the text, WhatsApp's key."""

    def got() -> list[tuple[str | None, str, str | None]]:
        answer: Any = client.get(f"/api/whatsapp/51/chats/{CHAT}/messages", headers=maria).json
        return [(one["message_id"], one["message"], one["whatsapp_id"]) for one in answer["items"]]

    return got


def _lose_events(server: redis.Redis, keys: Keys) -> None:
    """What the stream has that SQL has not recorded."""
    recorded_until = str(server.get(keys.drain_cursor))
    lost: Any = server.xrange(keys.events, f"({recorded_until}")
    server.xdel(keys.events, *[event_id for event_id, _ in lost])


def _tell(server: redis.Redis, keys: Keys, kind: EventType, body: MessageInbound | MessageUpdated) -> None:
    """As a Redis that did not know the key told it."""
    entry = {"type": kind.value, "cliente_id": "51", "message_id": body.whatsapp_id, "at": str(NOW)}
    server.xadd(keys.events, entry | {"data": event_data(body)})  # type: ignore[arg-type]


def _received(services: Services) -> list[str]:
    """The keys of messages that callers were told of."""
    told = [json.loads(entry.body) for entry in log.after(services.database, 0, Wanted(), 100)]
    return [one["data"]["whatsapp_id"] for one in told if one["type"] == "message.received"]


@pytest.mark.parametrize("ack", [1, 2, 3])
def test_an_acknowledgement_tells_the_key(
    services: Services, drain: Drain, server: redis.Redis, keys: Keys, owner: Owner, under_way: str, ack: int
) -> None:
    _lose_events(server, keys)
    owner.acknowledge(stored(services.ledger, under_way), ack, KEY)
    drain.run()

    assert recorded(services, under_way).whatsapp_id == KEY
    told = [one["type"] for one in events_of(services.database, under_way)]
    assert told == ["message.queued", ("message.sent", "message.delivered", "message.read")[ack - 1]]
    assert events_of(services.database, under_way)[-1]["data"] == {"ack": ack, "whatsapp_id": KEY}
    # and its row is known as ours, also by a Redis that forgot all of it
    server.delete(*server.keys(keys.inbound_seen_prefix(51) + "*"), keys.whatsapp_key_prefix(51) + KEY)
    assert services.ledger.receipts.record_inbound(51, [ROW], NOW) == [True]
    drain.run()
    assert count(services, InboundMessage) == 0
    assert _received(services) == []


@pytest.mark.parametrize(("outcome", "error"), [("uncertain", "OUTCOME_UNKNOWN"), ("failed", "REFUSED_BY_WHATSAPP")])
def test_so_does_an_ending_without_one(
    services: Services,
    drain: Drain,
    server: redis.Redis,
    keys: Keys,
    owner: Owner,
    under_way: str,
    outcome: str,
    error: str,
) -> None:
    _lose_events(server, keys)
    assert owner.complete(stored(services.ledger, under_way), Outcome(outcome), error) == outcome
    drain.run()
    record = recorded(services, under_way)
    assert (record.whatsapp_id, record.error) == (KEY, error)


def test_a_message_that_was_taken_for_the_owners_is_shown_once(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    owner: Owner,
    under_way: str,
    shown: Shown,
    client: FlaskClient,
    maria: dict[str, str],
) -> None:
    # given a Redis that was emptied between the key and the acknowledgement
    older = Server(server, keys)
    copy = older.copy()
    server.delete(*server.keys(keys.prefix + "*"))
    assert lost_state.mend()
    assert services.ledger.receipts.acknowledge(51, KEY, 1, SENT_AT) == "unknown"
    # so that the message's row is taken for one of the owner's
    assert services.ledger.receipts.record_inbound(51, [ROW], NOW) == [True]
    drain.run()
    assert recorded(services, under_way).status == "uncertain"
    assert set(shown()) == {(None, "hola", KEY), (under_way, "hola", None)}
    assert _received(services) == [KEY]
    # when the copy is back that knows the key, and WhatsApp acknowledges it
    older.become(copy)
    assert lost_state.mend()
    assert owner.acknowledge(stored(services.ledger, under_way), 2, KEY) == "delivered"
    drain.run()
    # then it is ours alone, wherever it is asked for
    assert recorded(services, under_way).whatsapp_id == KEY
    assert shown() == [(under_way, "hola", KEY)]
    [chat] = client.get("/api/whatsapp/51/chats", headers=maria).json["items"]  # type: ignore[index]
    assert (chat["last_message"]["message_id"], chat["unread"]) == (under_way, 0)
    assert client.get("/api/whatsapp/51/inbound", headers=maria).json["items"] == []  # type: ignore[index]
    # and nobody claims it as the owner's once more
    assert services.ledger.receipts.record_inbound(51, [ROW], NOW) == [False]
    server.delete(*server.keys(keys.inbound_seen_prefix(51) + "*"), keys.whatsapp_key_prefix(51) + KEY)
    assert services.ledger.receipts.record_inbound(51, [ROW], NOW) == [True]
    drain.run()
    assert count(services, InboundMessage) == 0
    assert _received(services) == [KEY]


def test_its_last_message_is_ours_also_where_the_owners_looked_later(
    services: Services, drain: Drain, server: redis.Redis, keys: Keys, owner: Owner, under_way: str
) -> None:
    _lose_events(server, keys)
    _tell(server, keys, EventType.MESSAGE_INBOUND, replace(ROW, at=SENT_AT + 1))
    drain.run()
    owner.acknowledge(stored(services.ledger, under_way), 1, KEY)
    drain.run()
    with services.database.reading() as session:
        [row] = session.query(Conversation)
    assert (row.last_inbound, row.last_message_id) == (None, under_way)


def test_what_became_of_it_meanwhile_is_shown_with_ours(
    services: Services,
    drain: Drain,
    server: redis.Redis,
    keys: Keys,
    owner: Owner,
    under_way: str,
    shown: Shown,
) -> None:
    _lose_events(server, keys)
    _tell(server, keys, EventType.MESSAGE_INBOUND, ROW)
    _tell(server, keys, EventType.MESSAGE_UPDATED, MessageUpdated(KEY, Change.EDITED, SENT_AT + 1, "chau"))
    drain.run()
    assert (None, "chau", KEY) in shown()
    owner.acknowledge(stored(services.ledger, under_way), 1, KEY)
    drain.run()
    assert shown() == [(under_way, "chau", KEY)]


def test_the_owners_row_may_have_another_address_of_the_chat(
    services: Services, drain: Drain, server: redis.Redis, keys: Keys, owner: Owner, under_way: str, shown: Shown
) -> None:
    with services.database.writing() as session:
        recipients.keep(session, {(51, LID): WHO}, NOW)
    _lose_events(server, keys)
    _tell(server, keys, EventType.MESSAGE_INBOUND, replace(ROW, whatsapp_id=f"true_{LID}_3EB0A1", chat_id=LID))
    drain.run()
    assert len(shown()) == 2
    owner.acknowledge(stored(services.ledger, under_way), 1, KEY)
    drain.run()
    assert shown() == [(under_way, "hola", KEY)]


@pytest.mark.parametrize("row_first", [True, False])
def test_both_told_at_once(
    services: Services,
    drain: Drain,
    server: redis.Redis,
    keys: Keys,
    owner: Owner,
    under_way: str,
    shown: Shown,
    row_first: bool,
) -> None:
    _lose_events(server, keys)
    message = stored(services.ledger, under_way)
    if row_first:
        _tell(server, keys, EventType.MESSAGE_INBOUND, ROW)
    owner.acknowledge(message, 1, KEY)
    if not row_first:
        _tell(server, keys, EventType.MESSAGE_INBOUND, ROW)
    drain.run()
    assert shown() == [(under_way, "hola", KEY)]
    assert _received(services) == []
    with services.database.reading() as session:
        assert taken_in(session) == {51: 1}


def test_a_record_that_was_behind_gets_the_key_as_well(
    services: Services, drain: Drain, server: redis.Redis, keys: Keys, owner: Owner, under_way: str, shown: Shown
) -> None:
    owner.acknowledge(stored(services.ledger, under_way), 1, KEY)
    _lose_events(server, keys)
    _tell(server, keys, EventType.MESSAGE_INBOUND, ROW)
    drain.run()
    assert late_record.mend(services, [(51, under_way)]) == 1
    assert shown() == [(under_way, "hola", KEY)]


def test_what_the_owner_wrote_himself_stays(
    services: Services, drain: Drain, server: redis.Redis, keys: Keys, owner: Owner, under_way: str, shown: Shown
) -> None:
    _lose_events(server, keys)
    own_key = f"true_{CHAT}_3EB0B2"
    services.ledger.receipts.record_inbound(51, [replace(ROW, whatsapp_id=own_key, message="soy yo")], NOW)
    drain.run()
    owner.acknowledge(stored(services.ledger, under_way), 1, KEY)
    drain.run()
    assert shown() == [(under_way, "hola", KEY), (None, "soy yo", own_key)]


@pytest.mark.parametrize("chat_id", [CHAT, LID])  # under its key, and under another address of its chat
def test_an_emptied_redis_gets_the_mark_back_by_which_a_row_is_ours(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    owner: Owner,
    under_way: str,
    chat_id: str,
) -> None:
    drain.run()
    assert recorded(services, under_way).whatsapp_id == KEY
    server.delete(*server.keys(keys.prefix + "*"))
    assert lost_state.mend()
    row = replace(ROW, whatsapp_id=f"true_{chat_id}_3EB0A1", chat_id=chat_id)
    assert services.ledger.receipts.record_inbound(51, [row], NOW) == [False]
