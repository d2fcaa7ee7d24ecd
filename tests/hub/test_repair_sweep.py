"""Single messages that stand wrong: no entry, no index or a wrong one, a record that is late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from hub_records import accept, recorded
from stand_ins import PASSWORD

from hub_api.accounts.users import service as accounts
from hub_api.messages.service import SendRequest, send_text
from hub_api.recording.drain import Drain
from hub_api.recording.models import DrainState
from hub_api.repair import sweep as sweeping
from hub_api.repair.sweep import Sweep
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.checking.checking import IndexLook
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


class TestRotation:
    @pytest.fixture
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {"MAX_ENTRIES": 5, "MAX_TENANTS": 3, "MAX_RECORDS": 4, "AT_ONCE": 2}.items():
            monkeypatch.setattr(sweeping, name, value)

    @pytest.fixture
    def messages(self, services: Services, server: redis.Redis, keys: Keys) -> list[str]:
        """Three tenants' messages, four each: all in flight by their entries, and in the open index."""
        accounts.add_user(services.database, "ana", PASSWORD, "cliente", 53)
        ids = []
        for number in range(12):
            request = SendRequest(to=f"549112345{number:04}", text="hola", wake=True)
            ids.append(send_text(services, 51 + number % 3, request, now_ms()).message.message_id)
            server.hset(keys.message(ids[-1]), "status", "sending")
        return ids

    def test_a_run_looks_at_so_many_entries_and_the_next_one_goes_on(
        self, services: Services, sweep: Sweep, server: redis.Redis, keys: Keys, small: None, messages: list[str]
    ) -> None:
        done = [sweep.run(now_ms())["reindexed"] for _ in range(3)]
        assert done == [5, 4, 3]  # what one run puts in flight stands in that index for the next
        assert all(server.zcard(keys.in_flight(cliente_id)) == 4 for cliente_id in (51, 52, 53))
        # and a round begins anew
        server.zadd(keys.open(52), {messages[1]: 1})
        assert sum(sweep.run(now_ms())["reindexed"] for _ in range(3)) == 1

    def test_no_step_of_redis_looks_at_more_than_so_many(
        self, services: Services, sweep: Sweep, server: redis.Redis, small: None, messages: list[str]
    ) -> None:
        looks: list[tuple[int, int]] = []
        look = services.ledger.checking.indexes

        def watched(cliente_id: int, place: str, limit: int) -> IndexLook:
            found = look(cliente_id, place, limit)
            looks.append((limit, found.looked_at))
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(services.ledger.checking, "indexes", watched)
            sweep.run(now_ms())
        assert sum(looked_at for _, looked_at in looks) == 5
        assert all(looked_at <= limit <= 2 for limit, looked_at in looks)

    def test_tenants_without_messages_are_few_at_a_time_too(
        self, services: Services, sweep: Sweep, server: redis.Redis, keys: Keys, small: None
    ) -> None:
        for cliente_id in range(100, 107):
            accounts.add_user(services.database, f"u{cliente_id}", PASSWORD, "cliente", cliente_id)
        at, runs = now_ms(), 0
        request = SendRequest(to="5491123456789", text="hola", wake=True)
        message_id = send_text(services, 106, request, at).message.message_id
        server.hset(keys.message(message_id), "status", "sending")
        while not sweep.run(at)["reindexed"]:
            runs += 1
        assert runs == 2

    def test_records_are_looked_at_in_turn(
        self, services: Services, drain: Drain, sweep: Sweep, server: redis.Redis, keys: Keys, small: None
    ) -> None:
        at = now_ms() - 300_000
        ids = [accept(services, f"549112345{number:04}", at=at + number) for number in range(10)]
        drain.run()
        server.delete(keys.open(51), *map(keys.message, ids))
        sweep.patience_s = 0
        restored = []
        for _ in range(3):
            restored.append(sweep.run(now_ms())["restored"])
            assert sweep.run(now_ms())["restored"] == 0  # before what the run did is recorded, nothing is skipped
            drain.run()
        assert restored == [4, 4, 2]
        assert server.zrange(keys.open(51), 0, -1) == [*ids[8:], *ids[4:8], *ids[:4]]


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
    server.delete(keys.incarnation)
    assert sweep.run(now_ms()) == {}
