"""Persons' decisions, balance, sweep, retention, rebuild and lost hosts: on real servers, both databases."""

from __future__ import annotations

import json
import random

import pytest
from sqlalchemy import func, select, text

from hub_api.accounts.models import AuditEntry
from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import MessageEvent, MessageRecord
from hub_api.messages.service import Order, send_text
from hub_api.recording.models import DrainState, UnrecordedEvent
from hub_api.recording.retention import Retention
from hub_api.repair.lost_host import LostHosts
from hub_api.sessions.models import SessionEventRecord, SessionStore, WantedSession
from hub_api.sessions.service import connect
from shared.instant import now_ms
from shared.ledger.ledger import Ledger
from shared.transitions.message import Lane, MessageStatus
from shared.ledger.work import Outcome, Pace, PutKey, Recover, Send
from shared.sessions.snapshot import Snapshots
from shared.transitions.session import SessionStatus

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

T = "/api/whatsapp/51"
DAY = 86_400_000


def _accept(services, to="5491123456789", at=None, **fields):
    at = at or now_ms()
    return send_text(services, 51, Order(to=to, text="hola", wake=True, **fields), at).message.message_id


@pytest.fixture
def ledger(server, keys):
    return Ledger(server, keys)


@pytest.fixture
def owner(own):
    return own(SessionStatus.READY)


def _claim(ledger, owner, boot="b1"):
    work = ledger.claim_next(owner.lease, boot, now_ms(), Pace(0, 0), bulk_allowed=True)
    assert isinstance(work, Send)
    return work.message


def _key(ledger, owner, message):
    put = ledger.put_key(
        owner.lease,
        message,
        whatsapp_id=f"true_{message.message_id}",
        chat_id="c",
        epoch="e",
        boot="b1",
        now_ms=now_ms(),
        lease_left_ms=0,
    )
    assert put is PutKey.OK


@pytest.fixture
def uncertain(services, ledger, owner):
    def make():
        message_id = _accept(services)
        message = _claim(ledger, owner)
        _key(ledger, owner, message)
        assert ledger.settle(owner.lease, message, Outcome.UNCERTAIN, code="OUTCOME_UNKNOWN", now_ms=now_ms())
        return message_id

    return make


def _record(services, message_id):
    with services.database.reading() as session:
        return session.get(MessageRecord, message_id)


def _count(services, table):
    with services.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


class TestSettle:
    @pytest.mark.parametrize("status", ["sent", "failed", "queued"])
    def test_a_person_settles_what_is_uncertain(
        self, client, maria, services, background, uncertain, ledger, status, server, keys
    ):
        message_id = uncertain()
        background.drain.run()
        answer = client.post(f"{T}/messages/{message_id}/settle", headers=maria, json={"status": status})
        again = client.post(f"{T}/messages/{message_id}/settle", headers=maria, json={"status": status})
        background.drain.run()

        assert (answer.status_code, answer.json["status"], answer.json["certain"]) == (200, status, True)
        assert (again.status_code, again.json["status"]) == (200, status)
        before = client.get(f"{T}/messages/{message_id}", headers=maria).json
        server.delete(keys.message(message_id))
        recorded = client.get(f"{T}/messages/{message_id}", headers=maria).json
        assert recorded == before
        with services.database.reading() as session:
            [audit] = session.scalars(select(AuditEntry))
        assert (audit.who, audit.what, json.loads(audit.details)["status"]) == ("user:maria", "message.settle", status)
        assert ledger.balance(51).accepted == 1

    def test_anything_else_is_409(self, client, maria, services):
        message_id = _accept(services)
        answer = client.post(f"{T}/messages/{message_id}/settle", headers=maria, json={"status": "sent"})
        none = client.post(f"{T}/messages/nothing/settle", headers=maria, json={"status": "sent"})
        bad = client.post(f"{T}/messages/{message_id}/settle", headers=maria, json={"status": "read"})

        assert (answer.status_code, answer.json["error"], answer.json["details"]) == (
            409,
            "NOT_CANCELLABLE",
            {"status": "queued"},
        )
        assert (none.status_code, bad.status_code) == (404, 400)

    def test_one_that_the_ledger_forgot_is_settled_too(
        self, client, maria, background, uncertain, server, keys, ledger, owner
    ):
        message_id = uncertain()
        background.drain.run()
        server.delete(keys.message(message_id))
        answer = client.post(f"{T}/messages/{message_id}/settle", headers=maria, json={"status": "queued"})

        assert answer.json["status"] == "queued"
        assert ledger.balance(51).balanced
        assert _claim(ledger, owner).message_id == message_id


class TestHeld:
    @pytest.fixture
    def held(self, services, ledger, owner):
        ledger.hold_for_another_phone(owner.lease, "5491", now_ms())
        ids = [_accept(services, f"549112345678{n}") for n in range(3)]
        ledger.hold_for_another_phone(owner.lease, "5492", now_ms())
        return ids

    def test_a_person_releases_one_and_cancels_the_rest(self, client, maria, services, background, held, ledger, owner):
        listed = client.get(f"{T}/held", headers=maria).json
        background.drain.run()
        assert [item["message_id"] for item in listed["items"]] == held
        assert {item["error"] for item in listed["items"]} == {"HELD_NUMBER_CHANGED"}
        assert _record(services, held[0]).error == "HELD_NUMBER_CHANGED"

        body = {"action": "release", "message_ids": [held[1], "nothing"]}
        released = client.post(f"{T}/held", headers=maria, json=body).json
        assert (released["done"], released["not_held"], released["still_held"]) == ([held[1]], ["nothing"], 2)
        assert client.post(f"{T}/held", headers=maria, json={"action": "cancel"}).json["done"] == [held[0], held[2]]
        background.drain.run()
        assert (_record(services, held[1]).status, _record(services, held[1]).error) == ("queued", None)
        assert _record(services, held[0]).status == "cancelled"
        assert _claim(ledger, owner).message_id == held[1]
        assert _count(services, AuditEntry) == 2

    def test_only_its_tenant(self, client, token_of, held):
        pedro = {"Authorization": f"Bearer {token_of('pedro')}"}
        assert client.get(f"{T}/held", headers=pedro).status_code == 403
        body = {"action": "release", "message_ids": held}
        assert client.post("/api/whatsapp/52/held", headers=pedro, json=body).json["done"] == []


class TestBalance:
    def test_the_report_adds_up(self, client, maria, services, background, ledger, owner):
        ids = [_accept(services, f"549112345678{n}") for n in range(4)]
        message = _claim(ledger, owner)
        _key(ledger, owner, message)
        ledger.acknowledge(51, f"true_{message.message_id}", 2, now_ms())
        ledger.close(51, ids[1], MessageStatus.CANCELLED, "CANCELLED", now_ms())
        _claim(ledger, owner)
        background.drain.run()
        report = client.get(f"{T}/report", headers=maria).json

        assert report == {
            "ok": True, "cliente_id": 51, "accepted": 4, "sent": 1, "failed": 0, "cancelled": 1, "expired": 0,
            "uncertain": 0, "open": 2, "queued": 1, "in_flight": 1, "held": 0, "balanced": True,
            "recorded": {"delivered": 1, "cancelled": 1, "sending": 1, "queued": 1},
        }  # fmt: skip

    def test_twice_in_a_row_is_an_alarm_until_it_adds_up_again(self, client, services, background, server, keys):
        _accept(services)
        server.hincrby(keys.counts(51), "accepted", 1)
        assert background.balance_check.run() == []
        assert client.get("/ready").json["parts"]["ledger"]["ok"] is True
        assert background.balance_check.run() == [51]
        assert background.balance_check.run() == [51]
        ready = client.get("/ready")
        assert (ready.status_code, ready.json["parts"]["ledger"]["ok"]) == (200, False)
        assert "51" in ready.json["parts"]["ledger"]["detail"]
        background.drain.run()
        with services.database.reading() as session:
            [event] = session.scalars(select(SessionEventRecord).where(SessionEventRecord.cliente_id == 51))
        assert (event.type, json.loads(event.data)["accepted"]) == ("ledger.imbalance", 2)

        server.hincrby(keys.counts(51), "accepted", -1)
        assert background.balance_check.run() == []
        assert client.get("/ready").json["parts"]["ledger"]["ok"] is True


class TestSweep:
    def test_what_stands_in_no_index_is_put_back(self, services, background, server, keys, ledger, owner):
        at = now_ms() - 300_000
        first, second = _accept(services, at=at), _accept(services, "5491123456780", at=at)
        _key(ledger, owner, _claim(ledger, owner))
        background.drain.run()
        server.delete(keys.open(51), keys.in_flight(51))
        assert background.sweep.run(now_ms())["readopted"] == 2

        assert (server.zrange(keys.open(51), 0, -1), server.zrange(keys.in_flight(51), 0, -1)) == ([second], [first])
        assert ledger.balance(51).balanced
        assert not any(background.sweep.run(now_ms()).values())
        # the same run still waits for its acknowledgement; a later one asks WhatsApp before anything else
        assert _claim(ledger, owner).message_id == second
        recover = ledger.claim_next(owner.lease, "b2", now_ms(), Pace(0, 0), bulk_allowed=True)
        assert isinstance(recover, Recover)
        assert recover.message.message_id == first

    def test_a_settled_one_leaves_the_indexes(self, services, background, server, keys, ledger):
        message_id = _accept(services)
        ledger.close(51, message_id, MessageStatus.CANCELLED, "CANCELLED", now_ms())
        server.zadd(keys.in_flight(51), {message_id: 1})
        assert background.sweep.run(now_ms())["cleared"] == 1
        assert ledger.balance(51).balanced

    def test_a_queued_message_without_entry_comes_back_from_sql_before_later_ones(
        self, services, background, server, keys, ledger, owner
    ):
        lost, also, later = (
            _accept(services, to, at=now_ms() - 300_000) for to in ("5491123456780", "5491123456781", "5491123456780")
        )
        background.drain.run()
        server.delete(keys.message(lost), keys.message(also))
        assert background.sweep.run(now_ms())["brought_back"] == 2
        background.drain.run()

        assert ledger.read(lost).text == "hola"
        assert server.zrange(keys.open(51), 0, -1) == [lost, also, later]
        assert ledger.balance(51).balanced
        assert _record(services, lost).status == "queued"
        assert _claim(ledger, owner).message_id == lost

    def test_one_that_had_a_key_is_for_a_person(self, services, background, server, keys, ledger, owner):
        message_id = _accept(services)
        _key(ledger, owner, _claim(ledger, owner))
        background.drain.run()
        server.delete(keys.message(message_id))
        background.sweep.run(now_ms())
        background.drain.run()

        assert (_record(services, message_id).status, ledger.read(message_id).status) == ("uncertain", "uncertain")
        assert ledger.balance(51).balanced
        # evidence that comes late is still found by the key
        assert ledger.acknowledge(51, f"true_{message_id}", 1, now_ms()) == "sent"

    def test_nothing_is_brought_back_before_all_is_recorded(self, services, background, server, keys, ledger, owner):
        message_id = _accept(services)
        background.drain.run()
        _key(ledger, owner, _claim(ledger, owner))  # SQL still says queued
        server.delete(keys.message(message_id))
        background.sweep.patience_s = 0
        assert not any(background.sweep.run(now_ms()).values())
        background.drain.run()
        assert background.sweep.run(now_ms())["brought_back"] == 1
        assert ledger.read(message_id).status is MessageStatus.UNCERTAIN

    def test_an_index_entry_that_nobody_knows_is_dropped_and_counted(self, services, background, server, keys, ledger):
        message_id = _accept(services)
        server.delete(keys.message(message_id), keys.events)
        assert background.sweep.run(now_ms())["dropped"] == 1
        assert ledger.balance(51).balanced
        assert ledger.balance(51).settled["uncertain"] == 1

    def test_a_record_that_is_behind_learns_from_the_ledger(self, services, background, ledger, server, keys):
        message_id = _accept(services, at=now_ms() - 2 * 3_600_000)
        background.drain.run()
        ledger.close(51, message_id, MessageStatus.CANCELLED, "CANCELLED", now_ms())
        server.xtrim(keys.events, maxlen=0)
        with services.database.writing() as session:
            session.get(DrainState, 1).cursor = server.xinfo_stream(keys.events)["last-generated-id"]
        assert background.sweep.run(now_ms())["records"] == 1
        assert _record(services, message_id).status == "cancelled"

    def test_a_server_that_came_up_empty_is_left_to_the_rebuild(self, services, background, server, keys):
        _accept(services)
        server.delete(keys.rebuilt)
        assert background.sweep.run(now_ms()) == {}


def _empty(server, keys):
    """As after a Redis that came back with nothing."""
    server.delete(*server.keys(keys.prefix + "*"))


class TestRebuild:
    def test_stores_wanted_sessions_and_messages_come_back(self, services, background, server, keys, ledger, own):
        connect(services, 51, "test")
        owner = own(SessionStatus.INIT)
        transition = json.dumps({"from": "INIT", "to": "READY", "store": "s-1"})
        Snapshots(server, keys).write(owner.lease, owner.snapshot, now_ms(), transition)
        sent = _accept(services)
        message = _claim(ledger, owner)
        _key(ledger, owner, message)
        ledger.acknowledge(51, f"true_{sent}", 3, now_ms())
        waiting = [_accept(services, f"54911234567{n:02}") for n in range(20)]
        campaign = _accept(services, lane=Lane.CAMPAIGN, campaign_id="c1")
        background.record()
        with services.database.reading() as session:
            assert session.get(SessionStore, 51).store_id == "s-1"
        _empty(server, keys)

        assert background.rebuild.run() is True
        assert background.rebuild.run() is False
        background.drain.run()
        assert server.hget(keys.store_of, "51") == "s-1"
        assert server.hexists(keys.wanted, "51")
        balance = ledger.balance(51)
        assert balance.balanced
        assert (balance.accepted, balance.settled["sent"]) == (22, 1)
        # the first ones may have left after the last record: a person settles them, the others go on in order
        in_doubt = balance.settled["uncertain"]
        assert 1 <= in_doubt <= 5
        left = [one for one in waiting if ledger.read(one).status is MessageStatus.QUEUED]
        assert server.zrange(keys.open(51), 0, -1) == left == waiting[-len(left) :]
        assert ledger.read(waiting[0]).status is MessageStatus.UNCERTAIN
        assert ledger.read(waiting[-1]).status is MessageStatus.QUEUED
        assert ledger.read(campaign).status in (MessageStatus.UNCERTAIN, MessageStatus.EXPIRED)
        assert _record(services, waiting[0]).status == "uncertain"
        assert _record(services, waiting[-1]).status == "queued"

    @pytest.mark.parametrize("seed", range(4))
    def test_whenever_redis_is_lost_nothing_is_sent_twice(self, services, background, server, keys, ledger, own, seed):
        """The recorder is up to a moment behind; claims keep the pace; what was handed over is never queued again."""
        rng = random.Random(seed)
        owner = own(SessionStatus.READY)
        ids = [_accept(services, f"54911234567{rng.randrange(12):02}") for _ in range(20)]
        background.drain.run()
        with services.database.writing() as session:  # the last look was 4 s ago
            session.get(DrainState, 1).read_at = now_ms() - 4_000
        handed_over, start = [], now_ms()
        for n in range(4):
            work = ledger.claim_next(owner.lease, "b1", start + n * 1_000, Pace(1_000, 30_000), bulk_allowed=True)
            if isinstance(work, Send):
                _key(ledger, owner, work.message)
                handed_over.append(work.message.message_id)
                if rng.random() < 0.7:
                    ledger.acknowledge(51, f"true_{work.message.message_id}", 1, now_ms())
        assert handed_over
        _empty(server, keys)
        background.rebuild.run()

        assert not set(handed_over) & set(server.zrange(keys.open(51), 0, -1))
        assert ledger.balance(51).balanced
        assert {ledger.read(message_id).status for message_id in ids} <= {"queued", "uncertain"}


class TestRetention:
    def test_what_is_settled_and_old_goes_what_is_open_stays(self, services, background, ledger):
        old = now_ms() - 100 * DAY
        gone, kept_open, young = _accept(services, at=old), _accept(services, at=old), _accept(services)
        for message_id in (gone, young):
            ledger.close(51, message_id, MessageStatus.CANCELLED, "CANCELLED", old + 1)
        ledger.record_inbound(51, "wa-1", {"from": "5491", "message": "x", "at": old}, old)
        background.drain.run()
        with services.database.writing() as session:
            session.add(SessionEventRecord(event_id="1-1", cliente_id=51, type="session.status", at=old, data="{}"))
        assert Retention(services.database, 0).run(now_ms()) == {}
        done = background.retention.run(now_ms())

        assert (done["messages"], done["inbound_messages"], done["session_events"]) == (1, 1, 1)
        assert _record(services, gone) is None
        assert (_record(services, kept_open).status, _record(services, young).status) == ("queued", "cancelled")
        assert _count(services, InboundMessage) == 0
        with services.database.reading() as session:
            left = set(session.scalars(select(MessageEvent.message_id)))
        assert left == {kept_open, young}


class TestLostHosts:
    @pytest.fixture
    def clock(self):
        return [0]

    @pytest.fixture
    def lost(self, server, keys, clock):
        return LostHosts(server, keys, "es", 60, clock=lambda: clock[0])

    def test_a_store_that_stays_away_is_said_and_a_new_owner_replaces_it(
        self, services, client, maria, lost, clock, own, server, keys
    ):
        connect(services, 51, "test")
        owner = own(SessionStatus.READY, phone_number="5491")
        server.hset(keys.host("h"), mapping={"store": "store"})
        server.sadd(keys.hosts, "h")
        owner.gone()
        assert lost.run() == []
        server.delete(keys.host("h"))
        assert lost.run() == []
        clock[0] = 59_999
        assert lost.run() == []
        clock[0] = 60_000
        assert lost.run() == [51]
        assert lost.run() == []

        answer = client.get(f"{T}/status", headers=maria).json
        assert (answer["status"], answer["last_error_code"], answer["is_recoverable"]) == ("ERROR", "HOST_LOST", True)
        assert answer["last_error_message"] == "El servidor que guarda esta sesión no está disponible"
        assert answer["phone_number"] == "5491"
        server.hset(keys.host("h2"), mapping={"store": "store"})
        server.sadd(keys.hosts, "h2")
        own(SessionStatus.INIT)
        assert lost.run() == []
        assert client.get(f"{T}/status", headers=maria).json["last_error_code"] is None

    def test_a_live_owner_and_an_unwanted_session_are_left_alone(self, services, lost, clock, own):
        own(SessionStatus.READY, 52)
        connect(services, 51, "test")
        own(SessionStatus.READY)
        lost.run()
        clock[0] = 10**9
        assert lost.run() == []


class TestDrain:
    def test_one_that_offends_is_set_aside_and_the_rest_recorded(self, services, background, server, keys, monkeypatch):
        first = _accept(services)
        huge = {"type": "message.queued", "cliente_id": "99999999999999999999", "message_id": "m1", "at": "1"}
        server.xadd(keys.events, huge | {"data": json.dumps({"to": "1", "message": "x"})})
        server.xadd(keys.events, {"type": "x"})
        bad = {"type": "message.queued", "cliente_id": "51", "message_id": "m2", "at": "1"}
        server.xadd(keys.events, bad | {"data": json.dumps({"to": "1", "message": "x", "lane": "no"})})
        last = _accept(services)
        assert background.drain.run() == 5
        assert background.drain.run() == 0

        assert _record(services, first)
        assert _record(services, last)
        with services.database.reading() as session:
            aside = {row.reason for row in session.scalars(select(UnrecordedEvent))}
        assert _count(services, UnrecordedEvent) == 3
        assert "KeyError" in aside

    def test_a_database_that_fails_loses_nothing(self, services, background, server, keys):
        _accept(services)
        with services.database.writing() as session:
            session.execute(text("ALTER TABLE message_events RENAME TO away"))
        with pytest.raises(Exception, match="message_events"):
            background.drain.run() or pytest.fail("set aside")
        with services.database.writing() as session:
            session.execute(text("ALTER TABLE away RENAME TO message_events"))
        assert background.drain.run() == 1


class TestDatabaseAway:
    @pytest.fixture
    def away(self, services, monkeypatch):
        """Every new connection is refused; those that were made before are closed."""
        services.database.engine.dispose()

        def refused(*_, **__):
            raise services.database.engine.dialect.loaded_dbapi.OperationalError("refused")

        return lambda: monkeypatch.setattr(services.database.engine.dialect, "connect", refused)

    def test_it_is_said(self, client, maria, services, away):
        assert client.get(f"{T}/status", headers=maria).status_code == 200  # who calls is remembered a few seconds
        services.database.engine.dispose()
        away()
        answer = client.get(f"{T}/messages", headers=maria)
        assert (answer.status_code, answer.json["error"]) == (503, "SESSION_MANAGER_UNREACHABLE")
        assert answer.json["message"] == "No se puede contactar a la base de datos"
        assert answer.json["details"] == {"database": "OperationalError"}
        assert client.get("/ready").json["parts"]["database"]["ok"] is False

    def test_a_message_that_was_accepted_is_answered_as_accepted(self, client, maria, services, away):
        client.get(f"{T}/status", headers=maria)
        services.database.engine.dispose()
        away()
        body = {"to": "5491123456789", "message": "x", "on_not_ready": "queue"}
        assert client.post(f"{T}/messages", headers=maria, json=body).status_code == 202
        assert services.client.hexists(services.keys.wanted, "51")


def test_wanted_sessions_are_known_to_sql_after_the_database_was_away(services, background, server, keys):
    server.hset(keys.wanted, "52", json.dumps({"since": 1, "reason": "send"}))
    background.housekeeping.reconcile_wanted()
    background.housekeeping.reconcile_wanted()
    with services.database.reading() as session:
        assert session.get(WantedSession, 52) is not None
