"""What is recorded together ends as what is recorded one by one, and rows are written as they were given."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import pytest
import redis
from conversations_told import CHAT, NOW, OTHER, WHO, Tell, message, telling
from hub_records import accept, count, recorded
from sqlalchemy import select
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from hub_api.chats.models import Conversation
from hub_api.messages.history import records_of
from hub_api.messages.models import MessageEvent, MessageRecord, MessageRow
from hub_api.public_events import log
from hub_api.public_events.log import Wanted
from hub_api.recording.drain import Drain
from hub_api.recording.models import UnrecordedEvent
from hub_api.recording.rows import among, insert_rows, update_rows
from hub_api.services import Services
from shared.names import Keys
from shared.protocol.events import Event, MessageUpdated
from shared.protocol.inbound import Change
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

ODD = 'it\'s "odd", 100 % :so ❤️\\n'


@pytest.fixture
def owner(own: Callable[..., Owner]) -> Owner:
    return own(SessionStatus.READY, clock=lambda: NOW + 5_000)


@pytest.fixture
def tell(services: Services, drain: Drain) -> Tell:
    return telling(services, drain)


def _live(services: Services, owner: Owner, between: Callable[[], object], to: str = WHO) -> str:
    """A message's whole life, up to that it was read; returns its id. between: called after each step."""
    message_id = accept(services, to, NOW)
    between()
    claimed = owner.claim()
    between()
    chat_id = f"{to}@c.us"
    key = f"true_{chat_id}_{message_id}"
    owner.put_key(claimed, key, chat_id)
    between()
    for ack in (1, 2, 3):
        owner.acknowledge(claimed, ack, key)
        between()
    return message_id


def _told(services: Services) -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in log.after(services.database, 0, Wanted(), 100)]


class TestTogether:
    def test_a_life_in_one_batch_is_that_of_many(self, services: Services, drain: Drain, owner: Owner) -> None:
        one_by_one = _live(services, owner, drain.run)
        at_once = _live(services, owner, lambda: None)
        drain.run()

        with services.database.reading() as session:
            rows = {id_: asdict(row) for id_, row in records_of(session, [one_by_one, at_once]).items()}
        apart = {"message_id", "whatsapp_id"}
        first, second = ({k: v for k, v in rows[one].items() if k not in apart} for one in (one_by_one, at_once))
        assert first == second
        assert first["status"] == "read"
        assert rows[at_once]["whatsapp_id"] == f"true_{CHAT}_{at_once}"
        assert count(services, MessageEvent) == 12
        data = [one["data"] for one in _told(services)]
        for message_id in (one_by_one, at_once):
            told = [(one["status"], one["read_at"] is None) for one in data if one["message_id"] == message_id]
            assert told == [("sent", True), ("delivered", True), ("read", False)]

    def test_a_chat_twice_in_one_batch_is_one_conversation(
        self, services: Services, drain: Drain, owner: Owner, tell: Tell
    ) -> None:
        for _ in range(2):  # where it is not there yet, and where it is
            _live(services, owner, lambda: None)
            last = _live(services, owner, lambda: None)
            drain.run()
            with services.database.reading() as session:
                [row] = session.scalars(select(Conversation))
            assert (row.chat_id, row.last_message_id, row.unread) == (CHAT, last, 0)
        tell(message("A1", at=NOW + 6_000, push_name="Ana"), message("A2", at=NOW + 7_000))
        _live(services, owner, lambda: None, to=OTHER)
        drain.run()
        with services.database.reading() as session:
            first, second = session.scalars(select(Conversation).order_by(Conversation.id))
        assert (first.id, first.name, first.last_at, first.unread) == (row.id, "Ana", NOW + 7_000, 2)
        assert (second.number, second.unread) == (OTHER, 0)

    def test_a_message_and_its_edit_are_told_in_their_order(self, services: Services, tell: Tell) -> None:
        one = message("A1", message="hola")
        tell(one, MessageUpdated(one.whatsapp_id, Change.EDITED, NOW + 1, "chau"))
        assert [(told["type"], told["data"]["whatsapp_id"]) for told in _told(services)] == [
            ("message.received", one.whatsapp_id),
            ("message.updated", one.whatsapp_id),
        ]
        assert _told(services)[-1]["data"]["message"] == "chau"


class TestRefused:
    def test_none_of_the_others_is_lost_or_moved(
        self, services: Services, drain: Drain, server: redis.Redis, keys: Keys
    ) -> None:
        good: list[str] = []
        for number in range(20):
            if number in (0, 7, 8, 19):
                bad = {"type": "message.queued", "cliente_id": "99999999999999999999", "message_id": "m", "at": "1"}
                server.xadd(keys.events, bad | {"data": json.dumps({"to": "1", "message": "x"})})
            good.append(accept(services))
        assert drain.run() == 24
        assert drain.run() == 0

        with services.database.reading() as session:
            assert set(records_of(session, good)) == set(good)
        assert (count(services, MessageEvent), count(services, UnrecordedEvent)) == (20, 4)

    def test_one_among_many_costs_few_attempts_and_the_rest_is_taken_once_in_order(
        self, services: Services, server: redis.Redis
    ) -> None:
        sent = [accept(services) for _ in range(64)]
        attempts: list[int] = []
        taken: list[str] = []

        class Refusing:
            def known(self, session: Session, events: Sequence[Event]) -> set[str]:
                return set()

            def apply(self, session: Session, events: Sequence[Event]) -> None:
                attempts.append(len(events))
                if sent[40] in [event.message_id for event in events]:
                    raise ValueError(sent[40])
                taken.extend(event.message_id for event in events)

        assert Drain(services, [Refusing()]).run() == 64
        assert taken == [one for one in sent if one != sent[40]]
        assert len(attempts) == 13  # 64 and twice each half down to 1
        assert count(services, UnrecordedEvent) == 1


class TestRows:
    def test_what_is_written_is_what_was_given(self, services: Services) -> None:
        rows = [_row(f"m{n}", text=ODD, sent_at=(1 << 53) + n if n else None) for n in range(3)]
        with services.database.writing() as session:
            insert_rows(session, MessageRecord, [asdict(row) for row in rows])
            insert_rows(session, MessageRecord, [])
        with services.database.reading() as session:
            assert records_of(session, ["m0", "m1", "m2", "m3"]) == {row.message_id: row for row in rows}
            assert records_of(session, []) == {}
            found = session.scalars(select(MessageRecord.message_id).where(among(session, MessageRecord.text, {ODD})))
            assert sorted(found) == ["m0", "m1", "m2"]
            assert not list(session.scalars(select(MessageRecord).where(among(session, MessageRecord.text, []))))

    def test_what_is_too_long_is_neither_cut_nor_found_by_its_beginning(
        self, services: Services, database_kind: str
    ) -> None:
        with services.database.writing() as session:
            insert_rows(session, MessageRecord, [asdict(_row("m" * 64))])
        with services.database.reading() as session:
            assert records_of(session, ["m" * 65]) == {}
        if database_kind == "postgresql":  # SQLite takes any length
            with pytest.raises(DataError), services.database.writing() as session:
                insert_rows(session, MessageRecord, [asdict(_row("n" * 65))])
            assert count(services, MessageRecord) == 1

    def test_only_what_is_named_changes(self, services: Services) -> None:
        with services.database.writing() as session:
            insert_rows(session, MessageRecord, [asdict(_row(f"m{n}", text="a", error="E")) for n in range(3)])
            changed = [{"message_id": f"m{n}", "status": ODD[:12], "error": None} for n in (1, 2, 9)]
            update_rows(session, MessageRecord, "message_id", changed)
            update_rows(session, MessageRecord, "message_id", [])
        assert (recorded(services, "m0").status, recorded(services, "m0").error) == ("queued", "E")
        for one in ("m1", "m2"):
            row = recorded(services, one)
            assert (row.status, row.error, row.text, row.to_number) == (ODD[:12], None, "a", WHO)
        assert count(services, MessageRecord) == 3


def _row(message_id: str, **fields: Any) -> MessageRow:
    made = MessageRow(message_id, 51, WHO, "", "queued", 0, 0, NOW, NOW)
    for name, value in fields.items():
        setattr(made, name, value)
    return made
