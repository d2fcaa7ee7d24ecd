"""The events stream into SQL: in order, once, and past what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import redis
from hub_records import accept, count, recorded
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import MessageEvent, MessageRecord
from hub_api.messages.recorder import MessageRecorder
from hub_api.recording.drain import Drain
from hub_api.recording.models import DrainState, UnrecordedEvent
from hub_api.repair.lost_state import make_lost_state
from hub_api.services import Services
from hub_api.sessions.models import SessionEventRecord, WantedSession
from hub_api.sessions.service import connect
from shared.instant import now_ms
from shared.names import Keys
from shared.protocol.events import Event
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def _cancel(services: Services, message_id: str) -> None:
    assert services.ledger.review.cancel(51, message_id, now_ms()) == "ended"


def _newest(server: redis.Redis, keys: Keys) -> Any:
    return server.xinfo_stream(keys.events)["last-generated-id"]


def _reasons(services: Services) -> set[str]:
    with services.database.reading() as session:
        return set(session.scalars(select(UnrecordedEvent.reason)))


def test_draining_records_once_and_trims_only_what_was_recorded(
    drain: Drain, services: Services, server: redis.Redis, keys: Keys
) -> None:
    for _ in range(3):
        accept(services)
    first_length = server.xlen(keys.events)
    assert drain.run() == first_length

    assert server.xlen(keys.events) == 1  # the last one marks the place
    assert server.get(keys.drain_cursor) == _newest(server, keys)
    assert (count(services, MessageRecord), count(services, MessageEvent)) == (3, 3)
    assert server.get(keys.last_look("background"))


def test_events_read_twice_change_nothing(drain: Drain, services: Services, server: redis.Redis, keys: Keys) -> None:
    message_id = accept(services)
    events: Any = server.xrange(keys.events)
    _cancel(services, message_id)
    drain.run()
    with services.database.writing() as session:
        state = session.get(DrainState, 1)
        assert state is not None
        state.cursor = "0-0"
    server.delete(keys.events)
    for event_id, fields in events:
        server.xadd(keys.events, fields, id=event_id)
    drain.run()

    assert count(services, MessageEvent) == 2
    assert recorded(services, message_id).status == "cancelled"


def test_a_server_that_came_back_empty_with_its_clock_behind_is_read_from_its_start(
    drain: Drain, services: Services, server: redis.Redis, keys: Keys
) -> None:
    with services.database.writing() as session:
        state = session.get(DrainState, 1)
        assert state is not None
        state.cursor = "99999999999999-0"
    server.delete(keys.incarnation)
    accept(services)
    make_lost_state(services).mend()

    assert drain.run() == 1


def test_what_is_no_event_is_passed_over(drain: Drain, services: Services, server: redis.Redis, keys: Keys) -> None:
    server.xadd(keys.events, {"type": "x"})
    server.xadd(
        keys.events, {"type": "message.sent", "cliente_id": "51", "message_id": "none", "at": "1", "data": "[]"}
    )
    data = json.dumps({"from": "1\x00", "message": "a\ud800b", "at": 5, "whatsapp_id": "w"})
    for _ in range(2):
        server.xadd(
            keys.events, {"type": "message.inbound", "cliente_id": "51", "message_id": "w", "at": "1", "data": data}
        )
    drain.run()

    assert count(services, InboundMessage) == 1
    assert _reasons(services) == {"ValueError", "WireError"}


def test_a_message_whose_beginning_is_unknown_is_taken_from_the_ledger(
    drain: Drain, services: Services, server: redis.Redis, keys: Keys
) -> None:
    message_id = accept(services)
    server.delete(keys.events)
    _cancel(services, message_id)
    drain.run()

    assert recorded(services, message_id).status == "cancelled"


def test_a_session_that_gave_up_is_no_longer_wanted(
    drain: Drain, services: Services, own: Callable[..., Owner]
) -> None:
    connect(services, 51, "test")
    owner = own(SessionStatus.QR_REQUIRED)
    assert owner.snapshots.withdraw(owner.lease, "QR_NOT_SCANNED", now_ms())
    drain.run()

    with services.database.reading() as session:
        assert session.get(WantedSession, 51) is None
    assert count(services, SessionEventRecord) >= 1


class TestRefusedEvents:
    def test_one_that_sql_refuses_is_set_aside_and_the_rest_recorded(
        self, services: Services, drain: Drain, server: redis.Redis, keys: Keys
    ) -> None:
        first = accept(services)
        huge = {"type": "message.queued", "cliente_id": "99999999999999999999", "message_id": "m1", "at": "1"}
        server.xadd(keys.events, huge | {"data": json.dumps({"to": "1", "message": "x"})})
        server.xadd(keys.events, {"type": "x"})
        bad = {"type": "message.queued", "cliente_id": "51", "message_id": "m2", "at": "1"}
        server.xadd(keys.events, bad | {"data": json.dumps({"to": "1", "message": "x", "lane": "no"})})
        last = accept(services)
        assert drain.run() == 5
        assert drain.run() == 0

        assert recorded(services, first)
        assert recorded(services, last)
        assert count(services, UnrecordedEvent) == 3
        assert "ValueError" in _reasons(services)

    def test_one_that_a_handler_refuses_is_taken_by_none_and_the_rest_by_all(
        self, services: Services, server: redis.Redis
    ) -> None:
        first, refused, last = (accept(services, f"549112345678{n}") for n in range(3))
        taken: list[str] = []

        class Refusing:
            def known(self, session: Session, events: Sequence[Event]) -> set[str]:
                return set()

            def apply(self, session: Session, events: Sequence[Event]) -> None:
                if refused in [event.message_id for event in events]:
                    raise ValueError(refused)
                taken.extend(event.message_id for event in events)

        hooks: list[str] = []
        drain = Drain(services, [MessageRecorder(services), Refusing()], [lambda: hooks.append("after")])
        assert drain.run() == 3
        assert drain.run() == 0

        assert taken == [first, last]
        assert hooks == ["after", "after"]
        with services.database.reading() as session:
            assert set(session.scalars(select(MessageRecord.message_id))) == {first, last}
            [aside] = session.scalars(select(UnrecordedEvent))
        assert (aside.reason, json.loads(aside.fields)["message_id"]) == ("ValueError", refused)

    def test_what_one_handler_knows_no_other_takes_again(self, services: Services, server: redis.Redis) -> None:
        accept(services)
        Drain(services, [MessageRecorder(services)]).run()
        with services.database.writing() as session:
            state = session.get(DrainState, 1)
            assert state is not None
            state.cursor = "0-0"
        taken: list[str] = []

        class Taking:
            def known(self, session: Session, events: Sequence[Event]) -> set[str]:
                return set()

            def apply(self, session: Session, events: Sequence[Event]) -> None:
                taken.extend(event.message_id for event in events)

        second = accept(services)
        assert Drain(services, [Taking(), MessageRecorder(services)]).run() == 2
        assert taken == [second]

    def test_a_database_that_fails_loses_nothing(self, services: Services, drain: Drain) -> None:
        accept(services)
        with services.database.writing() as session:
            session.execute(text("ALTER TABLE message_events RENAME TO away"))
        with pytest.raises(Exception, match="message_events"):
            drain.run()
        with services.database.writing() as session:
            session.execute(text("ALTER TABLE away RENAME TO message_events"))
        assert drain.run() == 1
        assert count(services, UnrecordedEvent) == 0
