"""Redis came up empty: what SQL knows is put back once, and nothing is sent twice by it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import redis
from hub_records import accept, recorded
from sqlalchemy import select

from hub_api.messages import restore as messages
from hub_api.messages.models import MessageRecord
from hub_api.messages.restored_status import unseen_sends
from hub_api.recording.drain import Drain
from hub_api.recording.models import DrainState
from hub_api.registry import Restoration
from hub_api.repair.lost_state import LostState
from hub_api.services import Services
from hub_api.sessions.models import SessionStore
from hub_api.sessions.service import connect
from shared.instant import now_ms
from shared.ledger.claiming.work import Pace, Pause, PutKey, Send
from shared.names import Keys
from shared.protocol.events import SessionMoved
from shared.transitions.message import Lane, MessageStatus
from shared.transitions.session import SessionEvent, SessionStatus
from support.claiming import stored
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def _empty(server: redis.Redis, keys: Keys) -> None:
    """As after a Redis that came back with nothing."""
    server.delete(*server.keys(keys.prefix + "*"))


def test_a_wanted_session_comes_back(
    services: Services, lost_state: LostState, server: redis.Redis, keys: Keys
) -> None:
    connect(services, 51, "test")
    server.delete(keys.wanted, keys.incarnation)
    notified = server.pubsub(ignore_subscribe_messages=True)
    notified.subscribe(keys.wake_channel)
    notified.get_message(timeout=1)

    assert lost_state.mend() is True
    assert server.hexists(keys.wanted, "51")
    message = notified.get_message(timeout=1)
    notified.close()
    assert message is not None
    assert message["data"] == "51"
    assert lost_state.mend() is False


def test_stores_wanted_sessions_and_messages_come_back(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
) -> None:
    began_ms = now_ms()
    connect(services, 51, "test")
    owner = own(SessionStatus.INIT)
    moved = SessionMoved(SessionStatus.INIT, SessionStatus.READY, SessionEvent.OPENED, "opened", store="s-1")
    owner.snapshots.write(owner.lease, owner.snapshot, now_ms(), moved)
    accept(services)
    assert owner.send_next(ack=3)
    waiting = [accept(services, f"54911234567{n:02}") for n in range(20)]
    campaign = accept(services, lane=Lane.CAMPAIGN, campaign_id="c1")
    drain.run()
    with services.database.reading() as session:
        store = session.get(SessionStore, 51)
    assert store is not None
    assert store.store_id == "s-1"
    _empty(server, keys)

    assert lost_state.mend() is True
    assert lost_state.mend() is False
    drain.run()
    assert server.hget(keys.store_of, "51") == "s-1"
    assert server.hexists(keys.wanted, "51")
    ledger = services.ledger
    balance = ledger.entries.balance(51)
    assert balance.balanced
    assert (balance.accepted, balance.final["sent"]) == (22, 1)
    # the first ones may have left after the last record: a person resolves them, the others go on in order
    of_campaign, gap_ms = 1, int(services.settings.send_gap_min_seconds * 1000)
    assert 1 <= balance.final["uncertain"] <= of_campaign + unseen_sends(now_ms() - began_ms, gap_ms)
    left = [one for one in waiting if stored(ledger, one).status is MessageStatus.QUEUED]
    assert server.zrange(keys.open(51), 0, -1) == left == waiting[-len(left) :]
    assert stored(ledger, waiting[0]).status is MessageStatus.UNCERTAIN
    assert stored(ledger, waiting[-1]).status is MessageStatus.QUEUED
    assert stored(ledger, campaign).status in (MessageStatus.UNCERTAIN, MessageStatus.EXPIRED)
    assert recorded(services, waiting[0]).status == "uncertain"
    assert recorded(services, waiting[-1]).status == "queued"


def test_a_run_that_broke_off_is_repeated_and_nothing_is_counted_twice(
    services: Services, drain: Drain, server: redis.Redis, keys: Keys, own: Callable[..., Owner]
) -> None:
    owner = own(SessionStatus.READY)
    accept(services)
    assert owner.send_next()
    accept(services)
    drain.run()
    _empty(server, keys)
    failures = [redis.ConnectionError("away")]

    def fail_once(services: Services, restoration: Restoration) -> None:
        if failures:
            raise failures.pop()

    restoring = LostState(services, [messages.restore, fail_once])
    with pytest.raises(redis.ConnectionError):
        restoring.mend()
    assert not services.ledger.incarnation.is_open()
    new = accept(services, "5491123456780")  # a hub accepts meanwhile
    assert restoring.mend() is True

    balance = services.ledger.entries.balance(51)
    assert balance.balanced
    assert (balance.accepted, balance.final["sent"]) == (3, 1)
    assert stored(services.ledger, new).status is MessageStatus.QUEUED


def test_bulk_goes_on_after_the_longest_wait_though_the_last_one_seems_to_be_of_hours_ahead(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
) -> None:
    # given a bulk message that was sent while the clock was six hours ahead, and another one that waits
    owner = own(SessionStatus.READY)
    sent = accept(services, lane=Lane.BULK)
    assert owner.send_next()
    waiting = [accept(services, f"54911234567{n:02}", lane=Lane.BULK) for n in range(20)]
    drain.run()
    with services.database.writing() as session:
        row = session.scalars(select(MessageRecord).where(MessageRecord.message_id == sent)).one()
        row.sent_at = now_ms() + 6 * 3_600_000
    # when Redis is emptied, and restored
    _empty(server, keys)
    assert lost_state.mend() is True
    owner = own(SessionStatus.READY)
    # then no wait is longer than the longest that is set
    longest_ms = round(services.settings.send_delay_max_seconds * 1000)
    pause = owner.next_work(at_ms=now_ms())
    assert isinstance(pause, Pause)
    assert pause.retry_ms is not None
    assert 0 < pause.retry_ms <= longest_ms
    work = owner.next_work(at_ms=now_ms() + longest_ms)
    assert isinstance(work, Send)
    assert work.message.message_id in waiting


@pytest.mark.parametrize("seed", range(4))
def test_whenever_redis_is_lost_nothing_is_sent_twice(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
    seed: int,
) -> None:
    """The recorder is up to a moment behind; claims keep the pace; what was handed over is never queued again."""
    rng = random.Random(seed)
    owner = own(SessionStatus.READY)
    ids = [accept(services, f"54911234567{rng.randrange(12):02}") for _ in range(20)]
    drain.run()
    with services.database.writing() as session:  # the last look was 4 s ago
        state = session.get(DrainState, 1)
        assert state is not None
        state.read_at = now_ms() - 4_000
    handed_over, start = [], now_ms()
    for n in range(4):
        work = owner.next_work(at_ms=start + n * 1_000, pace=Pace(1_000, 30_000))
        if isinstance(work, Send):
            assert owner.put_key(work.message) is PutKey.OK
            handed_over.append(work.message.message_id)
            if rng.random() < 0.7:
                owner.acknowledge(work.message)
    assert handed_over
    _empty(server, keys)
    lost_state.mend()

    assert not set(handed_over) & set(server.zrange(keys.open(51), 0, -1))
    assert services.ledger.entries.balance(51).balanced
    assert {stored(services.ledger, message_id).status for message_id in ids} <= {"queued", "uncertain"}
