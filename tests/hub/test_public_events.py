"""The log of what callers are told: each recorded change once, in order, numbered so that no reader misses one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import redis
from event_schemas import documented
from hub_records import accept, count
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub_api.authorizations import service as authorizations
from hub_api.authorizations.service import Authorization
from hub_api.public_events import log, numbers, pending
from hub_api.public_events.envelope import Change
from hub_api.public_events.log import Wanted
from hub_api.public_events.models import PendingEvent, PublicEvent
from hub_api.public_events.pending import Pending
from hub_api.public_events.publishing import Publishing
from hub_api.public_events.types import PublicEventType
from hub_api.recording.drain import Drain
from hub_api.recording.models import DrainState
from hub_api.registry import PublishedEvent, Subject
from hub_api.services import Services
from shared.instant import now_ms
from shared.names import EventType, Keys
from shared.protocol.events import SessionMoved
from shared.transitions.session import QrStatus, SessionEvent, SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def _all(services: Services, **wanted: Any) -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in log.after(services.database, 0, Wanted(**wanted), 1_000)]


def _told(services: Services) -> list[dict[str, Any]]:
    """All that was told, as the document says it."""
    return [documented(entry.body) for entry in log.after(services.database, 0, Wanted(), 1_000)]


def _tell(server: redis.Redis, keys: Keys, kind: EventType, message_id: str, **data: Any) -> None:
    entry: Any = {"type": kind.value, "cliente_id": "51", "message_id": message_id, "at": str(now_ms())}
    server.xadd(keys.events, entry | {"data": json.dumps(data)})


def _receive(server: redis.Redis, keys: Keys, key: str, **data: Any) -> None:
    fields = {"from": "5491187654321", "message": "quiero información", "at": 1_767_225_600_000, "whatsapp_id": key}
    _tell(server, keys, EventType.MESSAGE_INBOUND, key, **fields | data)


def test_a_received_message_is_told_once_in_the_envelope(
    drain: Drain, services: Services, server: redis.Redis, keys: Keys
) -> None:
    for _ in range(2):
        _receive(server, keys, "false_5491187654321@c.us_1")
    drain.run()

    [event] = _told(services)
    assert event.keys() == {"id", "type", "version", "timestamp", "cliente_id", "data"}
    assert (event["type"], event["version"], event["cliente_id"]) == ("message.received", 1, 51)
    assert event["data"]["message"] == "quiero información"
    assert event["data"]["whatsapp_id"] == "false_5491187654321@c.us_1"
    assert numbers.write(numbers.read(event["id"])) == event["id"]


def test_a_reaction_is_told_as_a_change(drain: Drain, services: Services, server: redis.Redis, keys: Keys) -> None:
    reaction = {"emoji": "👍", "to": "true_5491187654321@c.us_1"}
    _receive(server, keys, "false_5491187654321@c.us_2", type="reaction", reaction=reaction)
    drain.run()

    assert [event["type"] for event in _told(services)] == ["message.updated"]


def test_each_step_of_a_message_is_told_as_it_was_then(
    drain: Drain, services: Services, server: redis.Redis, keys: Keys
) -> None:
    message_id = accept(services)
    for kind, ack in ((EventType.MESSAGE_SENT, 1), (EventType.MESSAGE_DELIVERED, 2), (EventType.MESSAGE_READ, 3)):
        _tell(server, keys, kind, message_id, ack=ack)
    drain.run()

    told = [event["data"] for event in _told(services)]
    assert [data["status"] for data in told] == ["sent", "delivered", "read"]
    assert [bool(data["delivered_at"]) for data in told] == [False, True, True]
    assert [bool(data["read_at"]) for data in told] == [False, False, True]
    assert {data["message_id"] for data in told} == {message_id}


def test_a_failure_is_told_with_its_code(drain: Drain, services: Services, server: redis.Redis, keys: Keys) -> None:
    message_id = accept(services)
    _tell(server, keys, EventType.MESSAGE_FAILED, message_id, certain=True, error="NOT_ON_WHATSAPP")
    drain.run()

    [event] = _told(services)
    assert (event["data"]["status"], event["data"]["error"]) == ("failed", "NOT_ON_WHATSAPP")
    assert event["data"]["error_message"]


def test_each_move_of_a_session_is_told_without_its_code(
    drain: Drain, services: Services, own: Callable[..., Owner]
) -> None:
    owner = own(SessionStatus.QR_REQUIRED, qr_string="2@secret", qr_expires_at=now_ms() + 60_000)
    for before, after, event in (
        (SessionStatus.INIT, SessionStatus.QR_REQUIRED, SessionEvent.CODE_SHOWN),
        (SessionStatus.QR_REQUIRED, SessionStatus.AUTHENTICATED, SessionEvent.LINKED),
    ):
        shown = replace(owner.snapshot, status=after)
        assert owner.snapshots.write(owner.lease, shown, now_ms(), SessionMoved(before, after, event, ""))
    drain.run()

    told = [event for event in _told(services) if event["type"] == "session.status"]
    assert [(event["type"], event["data"]["status"]) for event in told] == [
        ("session.status", "QR_REQUIRED"),
        ("session.status", "AUTHENTICATED"),
    ]
    assert "2@secret" not in json.dumps(told)


def test_each_code_is_told_once_and_only_to_who_may_scan(
    drain: Drain, services: Services, own: Callable[..., Owner]
) -> None:
    until = now_ms() + 60_000
    owner = own(SessionStatus.QR_REQUIRED)
    shown = {"qr_status": QrStatus.GENERATED, "qr_expires_at": until}
    for code in ("2@first", "2@first", "2@second"):
        owner.shows(SessionStatus.QR_REQUIRED, qr_string=code, **shown)
        drain.run()
    authorizations.put(services.database, 51, Authorization(enabled=False, expires_at_ms=None), "user:root")
    owner.shows(SessionStatus.QR_REQUIRED, qr_string="2@third", **shown)
    drain.run()
    authorizations.remove(services.database, 51, "user:root")
    owner.shows(SessionStatus.QR_REQUIRED, qr_string="2@fourth", **shown | {"qr_expires_at": now_ms() - 1})
    drain.run()

    told = [event["data"]["qr_string"] for event in _all(services, types={"session.qr"})]
    assert told == ["2@first", "2@second"]


def test_numbers_grow_and_chats_are_one_for_all_forms_of_a_number(
    drain: Drain, services: Services, server: redis.Redis, keys: Keys
) -> None:
    for n in range(5):
        _receive(server, keys, f"k{n}", **{"from": "541187654321" if n % 2 else "5491187654321"})
    drain.run()

    with services.database.reading() as session:
        rows = session.query(PublicEvent).order_by(PublicEvent.id).all()
    assert [json.loads(row.body)["data"]["whatsapp_id"] for row in rows] == [f"k{n}" for n in range(5)]
    assert len({row.chat for row in rows}) == 1


def test_events_read_twice_are_told_once(drain: Drain, services: Services, server: redis.Redis, keys: Keys) -> None:
    _receive(server, keys, "k1")
    message_id = accept(services)
    _tell(server, keys, EventType.MESSAGE_SENT, message_id, ack=1)
    events: Any = server.xrange(keys.events)
    drain.run()
    with services.database.writing() as session:
        state = session.get(DrainState, 1)
        assert state is not None
        state.cursor = "0-0"
    server.delete(keys.events)
    for event_id, fields in events:
        server.xadd(keys.events, fields, id=event_id)
    drain.run()

    assert count(services, PublicEvent) == 2


class TestChangesOfSql:
    def test_one_is_published_where_its_transaction_ends_well_only(self, services: Services, drain: Drain) -> None:
        change = Change(51, PublicEventType.CAMPAIGN_STATUS, now_ms(), {"state": "pausada"})
        with services.database.writing() as session:
            pending.note(session, change)

        def fail() -> None:
            with services.database.writing() as session:
                pending.note(session, change)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        drain.run()

        assert [event["data"] for event in _all(services)] == [{"state": "pausada"}]
        assert count(services, PendingEvent) == 0

    def test_who_publishes_at_once_doubles_nothing_and_misses_nothing(self, services: Services, drain: Drain) -> None:
        drain.run()
        with services.database.writing() as session:
            for n in range(40):
                pending.note(session, Change(51, PublicEventType.OPTOUT_CHANGED, n, {"n": n}))
        publishers = [threading.Thread(target=Pending(services).publish) for _ in range(4)]
        for thread in publishers:
            thread.start()
        for thread in publishers:
            thread.join()

        assert [event["data"]["n"] for event in _all(services)] == list(range(40))


def test_who_has_read_up_to_a_number_missed_none_before_it(services: Services) -> None:
    """Transactions that overlap: the second one's events wait for the first one's, and come after them."""
    publishing, begun, go_on = Publishing(services), threading.Event(), threading.Event()

    def publish(session: Session, n: int) -> None:
        publishing.publish(session, [Change(51, PublicEventType.CAMPAIGN_STATUS, n, {"n": n})])

    def first() -> None:
        with services.database.writing() as session:
            publish(session, 1)
            begun.set()
            go_on.wait(10)

    def second() -> None:
        with services.database.writing() as session:
            publish(session, 2)

    with services.database.writing() as session:
        publish(session, 0)
    one = threading.Thread(target=first)
    one.start()
    assert begun.wait(10)
    two = threading.Thread(target=second)
    two.start()
    two.join(0.3)  # it can't be done before the first one
    seen = _all(services)
    go_on.set()
    one.join()
    two.join()

    assert [event["data"]["n"] for event in seen] == [0]
    assert [event["data"]["n"] for event in _all(services)] == [0, 1, 2]


def test_the_hooks_of_subjects_stand_in_the_same_transaction(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def refuse(session: Session, events: Sequence[PublishedEvent]) -> None:
        told.extend(event.type for event in events)
        session.execute(text("UPDATE users SET usuario = 'changed' WHERE usuario = 'maria'"))
        if len(told) == 1:
            raise ZeroDivisionError

    monkeypatch.setattr(
        "hub_api.public_events.publishing.subjects", lambda: (Subject("test", published=(lambda services: refuse,)),)
    )
    with services.database.writing() as session:
        pending.note(session, Change(51, PublicEventType.CAMPAIGN_STATUS, 1, {}))
    publisher = Pending(services)
    with pytest.raises(ZeroDivisionError):
        publisher.publish()
    assert (count(services, PublicEvent), count(services, PendingEvent)) == (0, 1)
    assert publisher.publish() == 1
    assert (told, count(services, PublicEvent)) == (["campaign.status"] * 2, 1)


class TestForgetting:
    def test_what_is_old_goes_and_the_newest_stays(self, services: Services) -> None:
        publishing = Publishing(services)
        for n in range(3):
            with services.database.writing() as session:
                publishing.publish(session, [Change(51, PublicEventType.CAMPAIGN_STATUS, n, {"n": n})])

        assert log.forget(services.database, now_ms() - 60_000) == 0
        assert log.forget(services.database, now_ms() + 60_000) == 2
        assert [event["data"]["n"] for event in _all(services)] == [2]


def test_a_reader_gets_what_it_wants_alone(services: Services) -> None:
    publishing = Publishing(services)
    with services.database.writing() as session:
        publishing.publish(
            session,
            [
                Change(51, PublicEventType.CAMPAIGN_STATUS, 1, {}),
                Change(52, PublicEventType.CAMPAIGN_STATUS, 1, {}),
                Change(51, PublicEventType.OPTOUT_CHANGED, 1, {}),
            ],
        )

    assert [event["type"] for event in _all(services, cliente_id=51)] == ["campaign.status", "optout.changed"]
    assert [event["cliente_id"] for event in _all(services, types={"campaign.status"})] == [51, 52]
    assert len(_all(services)) == 3
