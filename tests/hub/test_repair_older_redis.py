"""Redis is an older copy of itself: what went out since is not sent again, and what was decided since holds."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, cast

import pytest
import redis
from hub_records import accept, recorded
from older_redis import Server

from hub_api.messages.history import events_of
from hub_api.recording import cursor
from hub_api.recording.cursor import Place
from hub_api.recording.drain import Drain
from hub_api.repair.lost_state import LostState
from hub_api.services import Services
from hub_api.sessions.service import connect, disconnect
from shared.instant import now_ms
from shared.ledger.claiming.work import Outcome, Pause, PutKey, Send
from shared.names import Keys
from shared.sessions.lease import ClaimsClosed
from shared.stream.stream import EventStream
from shared.transitions.message import Lane, MessageStatus
from shared.transitions.session import SessionStatus
from support.claiming import stored
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def older(server: redis.Redis, keys: Keys) -> Server:
    return Server(server, keys)


def test_what_went_out_since_is_not_sent_again(
    services: Services, drain: Drain, lost_state: LostState, older: Server, own: Callable[..., Owner]
) -> None:
    # given two messages that wait, one on its way and one cancelled
    owner = own(SessionStatus.READY)
    sent, read, failed, waiting = (accept(services, f"549112345678{n}") for n in range(4))
    drain.run()
    copy = older.copy()
    # when they go out, Redis is replaced by the copy from before, and only then SQL is looked at
    for ack in (1, 3):
        assert owner.send_next(ack=ack)
    assert owner.fail_next("NOT_ON_WHATSAPP")
    drain.run()
    older.become(copy)
    # then nothing can be claimed, by whoever holds the lease in it
    assert stored(services.ledger, sent).status is MessageStatus.QUEUED
    assert isinstance(owner.next_work(), Pause)
    with pytest.raises(ClaimsClosed):
        own(SessionStatus.READY, 52)
    assert drain.run() == 0
    # and once it is put right, all are as SQL has them
    assert lost_state.mend() is True
    assert lost_state.mend() is False
    found = [stored(services.ledger, one).status for one in (sent, read, failed)]
    assert found == [MessageStatus.SENT, MessageStatus.READ, MessageStatus.FAILED]
    assert stored(services.ledger, waiting).status in (MessageStatus.QUEUED, MessageStatus.UNCERTAIN)
    assert owner.send_next() is None or stored(services.ledger, waiting).status is MessageStatus.SENT
    assert services.ledger.entries.balance(51).balanced
    assert owner.acknowledge(stored(services.ledger, sent), 2) == "delivered"
    drain.run()
    assert recorded(services, sent).status == "delivered"


def test_what_was_accepted_since_comes_back_in_its_order_and_what_ended_is_counted(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    older: Server,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
) -> None:
    before = [accept(services, f"54911234567{n:02}", lane=Lane.BULK) for n in range(30)]
    drain.run()
    copy = older.copy()
    same_moment = now_ms()
    since = [  # their ids say nothing of their order
        accept(services, f"54911234567{n}", at=same_moment, lane=Lane.BULK) for n in range(30, 39)
    ]
    urgent = accept(services, "5491123456799")
    owner = own(SessionStatus.READY)
    sent = owner.send_next()
    assert sent is not None
    assert sent.message_id == urgent
    drain.run()
    older.become(copy)
    after = [accept(services, f"54911234567{n}", lane=Lane.BULK) for n in range(39, 42)]
    assert services.ledger.review.cancel(51, since[0], now_ms()) == "unknown"
    assert services.ledger.review.cancel(51, before[-1], now_ms()) == "ended"
    assert lost_state.mend()

    waiting = [str(one) for one in server.zrange(keys.open(51), 0, -1)]
    expected = [one for one in (*before[:-1], *since, *after) if one in waiting]
    assert waiting == expected
    assert waiting[-12:] == [*since, *after]
    drain.run()
    assert stored(services.ledger, before[-1]).status is MessageStatus.CANCELLED
    assert recorded(services, before[-1]).status == "cancelled"
    balance = services.ledger.entries.balance(51)
    assert balance.balanced
    assert (balance.accepted, balance.final["sent"], balance.final["cancelled"]) == (43, 1, 1)
    for message_id in (*before, *since, *after):
        assert recorded(services, message_id).status == stored(services.ledger, message_id).status


def test_a_restoring_that_breaks_off_is_repeated_and_counts_once(
    services: Services, drain: Drain, lost_state: LostState, older: Server, own: Callable[..., Owner]
) -> None:
    drain.run()
    copy = older.copy()
    owner = own(SessionStatus.READY)
    for _ in range(3):
        accept(services)
        assert owner.send_next()
    accept(services)
    drain.run()
    older.become(copy)
    failures = [redis.ConnectionError("away")]

    def fail_once(*_: object) -> None:
        if failures:
            raise failures.pop()

    hooks = lost_state._hooks
    broken = LostState(services, [*hooks, fail_once])
    with pytest.raises(redis.ConnectionError):
        broken.mend()
    assert not services.ledger.incarnation.is_open()
    assert broken.mend()

    balance = services.ledger.entries.balance(51)
    assert balance.balanced
    assert (balance.accepted, balance.final["sent"]) == (4, 3)


def test_what_was_on_its_way_is_for_a_person_unless_whatsapp_says_more(
    services: Services, drain: Drain, lost_state: LostState, older: Server, own: Callable[..., Owner]
) -> None:
    owner = own(SessionStatus.READY)
    on_its_way = accept(services)
    claimed = owner.claim()
    drain.run()
    copy = older.copy()  # claimed under a lease that lives on, without a key
    assert owner.put_key(claimed) is PutKey.OK
    drain.run()
    older.become(copy)
    lost_state.mend()

    assert stored(services.ledger, on_its_way).status is MessageStatus.UNCERTAIN
    assert owner.complete(claimed, Outcome.QUEUED) == "gone"
    assert owner.acknowledge(claimed) == "sent"
    assert services.ledger.entries.balance(51).balanced


def test_what_a_person_decided_since_holds(
    services: Services, drain: Drain, lost_state: LostState, older: Server, own: Callable[..., Owner]
) -> None:
    owner = own(SessionStatus.READY)
    doubtful, held = accept(services), accept(services, "5491123456799")
    owner.complete(owner.claim(), Outcome.UNCERTAIN, "OUTCOME_UNKNOWN")
    connect(services, 51, "test")
    drain.run()
    copy = older.copy()
    services.ledger.review.resolve(51, doubtful, MessageStatus.FAILED, "root", now_ms(), 0)
    for number in ("5491123456701", "5491123456702"):
        services.ledger.claiming.hold_for_another_phone(owner.lease, number, now_ms())
    disconnect(services, 51, logout=False, who="root")
    drain.run()
    older.become(copy)
    lost_state.mend()

    assert stored(services.ledger, doubtful).status is MessageStatus.FAILED
    assert services.ledger.entries.held(51) == [held]
    assert not services.wanted.has(51)
    assert services.ledger.entries.balance(51).balanced


@pytest.mark.parametrize("seed", range(6))
def test_whenever_it_was_copied_and_lost_nothing_is_sent_twice(
    services: Services, drain: Drain, lost_state: LostState, older: Server, own: Callable[..., Owner], seed: int
) -> None:
    rng = random.Random(seed)
    owner = own(SessionStatus.READY)
    handed_over: list[str] = []

    def live(steps: int) -> None:
        for _ in range(steps):
            if rng.random() < 0.6:
                accept(services, f"54911234567{rng.randrange(6):02}", lane=rng.choice((Lane.SINGLE, Lane.BULK)))
            work = owner.next_work()
            if isinstance(work, Send):
                assert owner.put_key(work.message) is PutKey.OK
                handed_over.append(work.message.message_id)
                if rng.random() < 0.7:
                    owner.acknowledge(work.message, rng.randint(1, 3))
            if rng.random() < 0.3:
                drain.run()

    live(rng.randrange(4, 30))
    drain.run()
    copy = older.copy()
    live(rng.randrange(4, 30))
    older.become(copy)
    lost_state.mend()

    twice = set(handed_over)
    while isinstance(work := owner.next_work(), Send):
        assert work.message.message_id not in twice
        assert owner.put_key(work.message) is PutKey.OK
        owner.acknowledge(work.message)
    drain.run()
    assert services.ledger.entries.balance(51).balanced
    assert not services.ledger.entries.in_flight(51)


class TestTheStandingOfRedis:
    """Restarted, emptied between two looks, or with a database that forgot."""

    def test_one_that_was_only_started_anew_goes_on_at_once(
        self, services: Services, drain: Drain, lost_state: LostState, older: Server, own: Callable[..., Owner]
    ) -> None:
        owner = own(SessionStatus.READY)
        message_id = accept(services)
        accept(services)
        assert owner.send_next()
        older.become(older.copy())
        assert isinstance(owner.next_work(), Pause)
        assert lost_state.mend() is False

        assert owner.send_next()
        assert stored(services.ledger, message_id).status is MessageStatus.SENT

    def test_emptied_after_the_look_it_is_neither_read_nor_marked(
        self,
        services: Services,
        drain: Drain,
        lost_state: LostState,
        server: redis.Redis,
        keys: Keys,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        message_id = accept(services)
        drain.run()
        late = accept(services, "5491123456799")
        assert lost_state.mend() is False
        stream = drain._stream
        forget_before = stream.forget_before

        def emptied_first(incarnation: str, event_id: str) -> bool:
            server.delete(*server.keys(keys.prefix + "*"))
            return forget_before(incarnation, event_id)

        monkeypatch.setattr(stream, "forget_before", emptied_first)
        drain.run()  # it is emptied between the read and the cursor's write
        monkeypatch.undo()
        assert server.keys(keys.prefix + "*") == [keys.last_look("background")]
        with services.database.reading() as session:
            read_at = cursor.last_read_at(session)
        drain.run()  # a look at nothing is not one to the end of the stream
        with services.database.reading() as session:
            assert cursor.last_read_at(session) == read_at
        assert lost_state.mend() is True
        assert {stored(services.ledger, one).status for one in (message_id, late)} <= {"queued", "uncertain"}

    def test_a_database_that_forgot_what_it_had_recorded_goes_on_after_it(
        self, services: Services, drain: Drain, lost_state: LostState, older: Server, own: Callable[..., Owner]
    ) -> None:
        owner = own(SessionStatus.READY)
        accept(services)
        drain.run()
        place = cursor.place(services.database)
        assert owner.send_next()
        waiting = accept(services)
        drain.run()
        cursor.move(services.database, Place(place.incarnation, place.cursor))
        older.become(older.copy())

        assert lost_state.mend() is True
        assert stored(services.ledger, waiting).status is MessageStatus.QUEUED
        assert owner.send_next()

    def test_one_of_the_time_before_incarnations_is_taken_over(
        self,
        services: Services,
        drain: Drain,
        lost_state: LostState,
        server: redis.Redis,
        keys: Keys,
        own: Callable[..., Owner],
    ) -> None:
        owner = own(SessionStatus.READY)
        waiting = accept(services)
        drain.run()
        cursor.move(services.database, Place(None, cursor.place(services.database).cursor))
        server.delete(keys.incarnation)
        assert isinstance(owner.next_work(), Pause)

        assert lost_state.mend() is True
        assert stored(services.ledger, waiting).status is MessageStatus.QUEUED
        assert owner.send_next()


def test_after_a_clock_that_went_back_no_event_is_taken_for_one_of_before(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    older: Server,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
) -> None:
    # given a stream that only counts on from an event of an hour ahead, as after a clock that was put back
    owner = own(SessionStatus.READY)
    ahead = {
        "type": "session.qr",
        "cliente_id": "51",
        "message_id": "",
        "at": str(now_ms()),
        "data": '{"expires_at":1}',
    }
    server.xadd(keys.events, cast("dict[Any, Any]", ahead), id=f"{now_ms() + 3_600_000}-0")
    drain.run()
    copy = older.copy()
    # when its older copy counts on from where that stood, too
    for n in range(6):
        accept(services, f"549112345679{n}")
        assert owner.send_next()
    drain.run()
    older.become(copy)
    assert lost_state.mend()
    message_id = accept(services, "5491123456788")
    while (sent := owner.send_next()) is not None and sent.message_id != message_id:
        pass
    drain.run()
    # then what happens in it is recorded like anything else
    told = [one["type"] for one in events_of(services.database, message_id)]
    assert told == ["message.queued", "message.sending", "message.key", "message.sent"]
    assert cursor.all_is_recorded(services.database, EventStream(services.client, services.keys), 0)


def test_a_copy_that_was_put_right_is_read_to_its_end_though_nothing_happened_in_it(
    services: Services, drain: Drain, lost_state: LostState, older: Server
) -> None:
    accept(services)
    drain.run()
    copy = older.copy()
    accept(services, "5491123456788")
    drain.run()
    older.become(copy)
    assert lost_state.mend()
    drain.run()
    assert cursor.all_is_recorded(services.database, EventStream(services.client, services.keys), 0)


def test_a_copy_made_while_an_emptied_redis_was_restored_sends_nothing_again(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    older: Server,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
) -> None:
    # given an emptied Redis that is being restored, and messages accepted meanwhile
    drain.run()
    server.delete(*[str(name) for name in cast("list[str]", server.keys(keys.prefix + "*"))])
    services.ledger.incarnation.begin("0-0")
    first, second = accept(services, "5491123456781"), accept(services, "5491123456782")
    copy = older.copy()
    # when that ends, they go out, and Redis becomes what it was in between
    assert lost_state.mend()
    drain.run()
    owner = own(SessionStatus.READY)
    assert [owner.send_next(ack=3) is not None for _ in range(2)] == [True, True]
    drain.run()
    older.become(copy)
    assert stored(services.ledger, first).status is MessageStatus.QUEUED
    assert lost_state.mend()
    # then they are as SQL has them, and counted once
    assert [stored(services.ledger, one).status for one in (first, second)] == [MessageStatus.READ] * 2
    assert services.ledger.entries.depths([51]) == {51: (0, 0)}
    drain.run()
    balance = services.ledger.entries.balance(51)
    assert balance.balanced
    assert (balance.accepted, balance.final["sent"]) == (2, 2)
