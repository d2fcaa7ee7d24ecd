"""Recording events, expiry and the wanted sessions' mirror."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from hub_api.database import migrate
from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import MessageEvent, MessageRecord
from hub_api.messages.service import Order, send_text
from hub_api.recording.models import DrainState
from hub_api.sessions.models import SessionEventRecord, WantedSession
from hub_api.sessions.service import connect, disconnect
from shared.instant import now_ms
from shared.ledger.ledger import Ledger
from shared.transitions.message import MessageStatus
from shared.sessions.snapshot import Snapshots
from shared.transitions.session import SessionStatus

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

ORDER = Order(to="5491123456789", text="hola", wake=True)


def _count(services, table):
    with services.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_draining_records_once_and_trims_only_what_was_recorded(background, services, server, keys):
    for _ in range(3):
        send_text(services, 51, ORDER, now_ms())
    first_length = server.xlen(keys.events)
    recorded = background.drain.run()

    assert recorded == first_length
    assert server.xlen(keys.events) == 1  # the last one marks the place
    assert server.get(keys.drain_cursor) == server.xinfo_stream(keys.events)["last-generated-id"]
    assert (_count(services, MessageRecord), _count(services, MessageEvent)) == (3, 3)
    assert server.get(keys.last_drain)


def test_events_read_twice_change_nothing(background, services, server, keys):
    message_id = send_text(services, 51, ORDER, now_ms()).message.message_id
    events = server.xrange(keys.events)
    Ledger(server, keys).close(51, message_id, MessageStatus.CANCELLED, "CANCELLED", now_ms())
    background.drain.run()
    with services.database.writing() as session:
        session.get(DrainState, 1).cursor = "0-0"
    server.delete(keys.events)
    for event_id, fields in events:
        server.xadd(keys.events, fields, id=event_id)
    background.drain.run()

    assert _count(services, MessageEvent) == 2
    with services.database.reading() as session:
        assert session.get(MessageRecord, message_id).status == "cancelled"


def test_a_server_that_came_back_empty_with_its_clock_behind_is_read_from_its_start(background, services, server, keys):
    with services.database.writing() as session:
        session.add(DrainState(id=1, cursor="99999999999999-0"))
    send_text(services, 51, ORDER, now_ms())

    assert background.drain.run() == 1


def test_what_is_no_event_is_passed_over(background, services, server, keys):
    server.xadd(keys.events, {"type": "x"})
    server.xadd(
        keys.events, {"type": "message.sent", "cliente_id": "51", "message_id": "none", "at": "1", "data": "[]"}
    )
    data = json.dumps({"from": "1\x00", "message": "a\ud800b", "at": 5})
    for _ in range(2):
        server.xadd(
            keys.events, {"type": "message.inbound", "cliente_id": "51", "message_id": "w", "at": "1", "data": data}
        )
    background.drain.run()

    assert _count(services, InboundMessage) == 1


def test_a_message_whose_beginning_is_unknown_is_taken_from_the_ledger(background, services, server, keys):
    message_id = send_text(services, 51, ORDER, now_ms()).message.message_id
    server.delete(keys.events)
    Ledger(server, keys).close(51, message_id, MessageStatus.CANCELLED, "CANCELLED", now_ms())
    background.drain.run()

    with services.database.reading() as session:
        assert session.get(MessageRecord, message_id).status == "cancelled"


def test_a_session_that_gave_up_is_no_longer_wanted(background, services, server, keys, own):
    connect(services, 51, "test")
    owner = own(SessionStatus.QR_REQUIRED)
    assert Snapshots(server, keys).withdraw(owner.lease, "QR_NOT_SCANNED", now_ms())
    background.drain.run()

    with services.database.reading() as session:
        assert session.get(WantedSession, 51) is None
    assert _count(services, SessionEventRecord) >= 1


def test_what_is_overdue_expires(background, services):
    past = now_ms() - 10 * 86_400_000
    message = send_text(services, 51, ORDER, past).message
    later = send_text(services, 51, ORDER, now_ms()).message

    assert background.housekeeping.expire_overdue() == 1
    assert services.ledger.read(message.message_id).status is MessageStatus.EXPIRED
    assert services.ledger.read(message.message_id).error == "EXPIRED"
    assert services.ledger.read(later.message_id).status is MessageStatus.QUEUED


def test_hosts_are_woken_for_wanted_sessions_with_messages(background, services, own, server, keys):
    send_text(services, 51, ORDER, now_ms())
    connect(services, 52, "test")

    assert background.housekeeping.ring_waiting() == [51]
    own(SessionStatus.INIT)
    assert background.housekeeping.ring_waiting() == []


def test_an_emptied_mirror_is_filled_from_sql_and_a_lost_record_from_the_mirror(background, services, server, keys):
    connect(services, 51, "test")
    server.delete(keys.wanted)
    server.hset(keys.wanted, "52", "not json")
    background.housekeeping.reconcile_wanted()
    assert not server.hexists(keys.wanted, "51")  # it may be changing just now
    background.housekeeping.reconcile_wanted()

    assert server.hexists(keys.wanted, "51")
    with services.database.reading() as session:
        assert session.get(WantedSession, 52).reason == "send"
    disconnect(services, 51, logout=False)
    background.housekeeping.reconcile_wanted()
    background.housekeeping.reconcile_wanted()
    assert not server.hexists(keys.wanted, "51")


def test_a_redis_that_came_up_empty_is_rebuilt(background, services, server, keys):
    connect(services, 51, "test")
    server.delete(keys.wanted, keys.rebuilt)

    assert background.rebuild.run() is True
    assert server.hexists(keys.wanted, "51")
    assert background.rebuild.run() is False


def test_depths_are_counted(background, services):
    send_text(services, 51, ORDER, now_ms())

    depths = background.housekeeping.record_depths()

    assert (depths["queued"], depths["deepest"]) == (1, {51: 1})


def test_one_run_of_a_task_at_a_time(background):
    ran = []

    def work():
        ran.append("outer")
        background.alone("x", lambda: ran.append("inner"))

    background.alone("x", work)
    background.alone("x", lambda: ran.append("later"))

    assert ran == ["outer", "later"]


def test_migrating_twice_does_nothing(settings):
    migrate(settings.sqlalchemy_url)
    migrate(settings.sqlalchemy_url)
