"""Single messages that stand wrong: no entry, no index or a wrong one, a record that is late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from hub_records import accept, recorded

from hub_api.recording.drain import Drain
from hub_api.recording.models import DrainState
from hub_api.repair.sweep import Sweep
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.claiming.work import PutKey, Recover
from shared.names import Keys
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionStatus
from support.claiming import stored
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def sweep(services: Services, server: redis.Redis) -> Sweep:
    return Sweep(services)


@pytest.fixture
def owner(own: Callable[..., Owner]) -> Owner:
    return own(SessionStatus.READY)


class TestWrongIndex:
    def test_what_stands_in_no_index_is_put_back(
        self, services: Services, drain: Drain, sweep: Sweep, server: redis.Redis, keys: Keys, owner: Owner
    ) -> None:
        at = now_ms() - 300_000
        first, second = accept(services, at=at), accept(services, "5491123456780", at=at)
        assert owner.put_key(owner.claim()) is PutKey.OK
        drain.run()
        server.delete(keys.open(51), keys.in_flight(51))
        assert sweep.run(now_ms())["reindexed"] == 2

        assert (server.zrange(keys.open(51), 0, -1), server.zrange(keys.in_flight(51), 0, -1)) == ([second], [first])
        assert services.ledger.entries.balance(51).balanced
        assert not any(sweep.run(now_ms()).values())
        # the same run still waits for its acknowledgement; a later one asks WhatsApp before anything else
        assert owner.claim().message_id == second
        recover = owner.next_work(browser_run="b2")
        assert isinstance(recover, Recover)
        assert recover.message.message_id == first

    def test_a_settled_one_leaves_the_indexes(
        self, services: Services, sweep: Sweep, server: redis.Redis, keys: Keys
    ) -> None:
        message_id = accept(services)
        services.ledger.review.cancel(51, message_id, now_ms())
        server.zadd(keys.in_flight(51), {message_id: 1})
        assert sweep.run(now_ms())["cleared"] == 1
        assert services.ledger.entries.balance(51).balanced


class TestLostEntry:
    def test_a_queued_message_without_entry_comes_back_from_sql_before_later_ones(
        self, services: Services, drain: Drain, sweep: Sweep, server: redis.Redis, keys: Keys, owner: Owner
    ) -> None:
        lost, also, later = (
            accept(services, to, at=now_ms() - 300_000) for to in ("5491123456780", "5491123456781", "5491123456780")
        )
        drain.run()
        server.delete(keys.message(lost), keys.message(also))
        assert sweep.run(now_ms())["restored"] == 2
        drain.run()

        assert stored(services.ledger, lost).text == "hola"
        assert server.zrange(keys.open(51), 0, -1) == [lost, also, later]
        assert services.ledger.entries.balance(51).balanced
        assert recorded(services, lost).status == "queued"
        assert owner.claim().message_id == lost

    def test_one_that_had_a_key_is_for_a_person(
        self, services: Services, drain: Drain, sweep: Sweep, server: redis.Redis, keys: Keys, owner: Owner
    ) -> None:
        message_id = accept(services)
        message = owner.claim()
        assert owner.put_key(message) is PutKey.OK
        drain.run()
        server.delete(keys.message(message_id))
        sweep.run(now_ms())
        drain.run()

        assert recorded(services, message_id).status == "uncertain"
        assert stored(services.ledger, message_id).status == "uncertain"
        assert services.ledger.entries.balance(51).balanced
        # evidence that comes late is still found by the key
        assert owner.acknowledge(message) == "sent"

    def test_nothing_is_restored_before_all_is_recorded(
        self, services: Services, drain: Drain, sweep: Sweep, server: redis.Redis, keys: Keys, owner: Owner
    ) -> None:
        message_id = accept(services)
        drain.run()
        assert owner.put_key(owner.claim()) is PutKey.OK  # SQL still says queued
        server.delete(keys.message(message_id))
        sweep.patience_s = 0
        assert not any(sweep.run(now_ms()).values())
        drain.run()
        assert sweep.run(now_ms())["restored"] == 1
        assert stored(services.ledger, message_id).status is MessageStatus.UNCERTAIN

    def test_an_index_entry_that_nobody_knows_is_dropped_and_counted(
        self, services: Services, sweep: Sweep, server: redis.Redis, keys: Keys
    ) -> None:
        message_id = accept(services)
        server.delete(keys.message(message_id), keys.events)
        assert sweep.run(now_ms())["dropped"] == 1
        assert services.ledger.entries.balance(51).balanced
        assert services.ledger.entries.balance(51).final["uncertain"] == 1


def test_a_record_that_is_late_learns_from_the_ledger(
    services: Services, drain: Drain, sweep: Sweep, server: redis.Redis, keys: Keys
) -> None:
    message_id = accept(services, at=now_ms() - 2 * 3_600_000)
    drain.run()
    services.ledger.review.cancel(51, message_id, now_ms())
    server.xtrim(keys.events, maxlen=0)
    with services.database.writing() as session:
        state = session.get(DrainState, 1)
        assert state is not None
        state.cursor = server.xinfo_stream(keys.events)["last-generated-id"]
    assert sweep.run(now_ms())["records"] == 1
    assert recorded(services, message_id).status == "cancelled"


def test_a_server_that_came_up_empty_is_left_to_be_restored_as_a_whole(
    services: Services, sweep: Sweep, server: redis.Redis, keys: Keys
) -> None:
    accept(services)
    server.delete(keys.rebuilt)
    assert sweep.run(now_ms()) == {}
