"""One owner at a time, and a fence that only grows."""

from __future__ import annotations

import pytest
import redis

from shared.names import Keys
from shared.protocol.snapshot import Snapshot
from shared.sessions.lease import ClaimsClosed, Lease, Leases, WrongStore
from shared.sessions.snapshots import Snapshots
from shared.transitions.session import SessionStatus


@pytest.fixture
def leases(client: redis.Redis, keys: Keys) -> Leases:
    return Leases(client, keys, ttl_ms=60_000)


def test_one_of_many_gets_it(leases: Leases) -> None:
    taken = [leases.take(51, f"t{i}", "store", i) for i in range(6)]
    assert [lease for lease in taken if lease] == [Lease(51, "t0", 1)]


def test_the_fence_grows_with_every_owner(leases: Leases) -> None:
    assert leases.take(51, "a", "store", 1) == Lease(51, "a", 1)
    assert leases.release(51, "a")
    assert leases.take(51, "b", "store", 1) == Lease(51, "b", 2)


def test_token_and_fence_are_both_compared(leases: Leases) -> None:
    lease = leases.take(51, "a", "store", 7, "host")
    assert lease is not None
    assert leases.renew(lease)
    assert not leases.renew(Lease(51, "a", 2))
    assert not leases.renew(Lease(51, "b", 1))
    assert not leases.release(51, "b")
    holder = leases.holder(51)
    assert holder is not None
    assert (holder.token, holder.fence, holder.store_id, holder.pid, holder.host_id) == ("a", 1, "store", 7, "host")


def test_a_login_in_another_store_is_not_claimed(leases: Leases) -> None:
    leases.take(51, "a", "here", 1)
    leases.release(51, "a")
    with pytest.raises(WrongStore):
        leases.take(51, "b", "elsewhere", 1)


def test_a_redis_that_came_up_empty_gives_no_lease(leases: Leases, client: redis.Redis, keys: Keys) -> None:
    client.delete(keys.incarnation)
    with pytest.raises(ClaimsClosed):
        leases.take(51, "a", "store", 1)


def test_a_lost_owner_writes_no_state(leases: Leases, client: redis.Redis, keys: Keys) -> None:
    snapshots = Snapshots(client, keys)
    old = leases.take(51, "old", "store", 1)
    assert old is not None
    assert snapshots.write(old, Snapshot(51, SessionStatus.READY), 1)
    leases.release(51, "old")
    heir = leases.take(51, "heir", "store", 2)
    assert heir is not None
    assert snapshots.write(heir, Snapshot(51, SessionStatus.INIT), 2)
    assert not snapshots.write(old, Snapshot(51, SessionStatus.READY), 3)
    assert snapshots.read(51).snapshot.status is SessionStatus.INIT


def test_a_snapshot_comes_back_as_it_was(leases: Leases, client: redis.Redis, keys: Keys) -> None:
    snapshots = Snapshots(client, keys)
    lease = leases.take(51, "a", "store", 1)
    assert lease is not None
    written = Snapshot(51, SessionStatus.QR_REQUIRED, since=5, qr_string="2@x", qr_attempts=2, push_name="Ñandú")
    snapshots.write(lease, written, 9)
    view = snapshots.read(51)
    assert view.owned
    assert not view.stale
    assert view.snapshot.qr_string == "2@x"
    assert (view.snapshot.push_name, view.snapshot.updated_at) == ("Ñandú", 9)
    leases.release(51, "a")
    assert snapshots.read(51).stale
    assert snapshots.read(99).snapshot == Snapshot(99)
    assert snapshots.known() == [51]


def test_a_successor_does_not_answer_for_its_predecessors_state(
    leases: Leases, client: redis.Redis, keys: Keys
) -> None:
    snapshots = Snapshots(client, keys)
    old = leases.take(51, "old", "store", 1)
    assert old is not None
    snapshots.write(old, Snapshot(51, SessionStatus.READY), 1)
    assert snapshots.read(51).can_send
    leases.release(51, "old")
    assert leases.take(51, "heir", "store", 2) is not None
    # until the successor has written, READY is an old story
    view = snapshots.read(51)
    assert view.stale
    assert not view.can_send
