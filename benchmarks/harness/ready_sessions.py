"""Sessions that are READY as far as Redis can tell: a snapshot under a live lease, without a browser or a worker."""

from __future__ import annotations

from collections.abc import Iterable

import redis

from shared.instant import now_ms
from shared.names import Keys
from shared.protocol.snapshot import Snapshot
from shared.sessions.lease import Leases
from shared.sessions.snapshots import Snapshots
from shared.transitions.session import SessionStatus

_LEASE_MS = 3_600_000


def make_ready(client: redis.Redis, keys: Keys, cliente_ids: Iterable[int]) -> None:
    """Takes each tenant's lease for an hour, and writes its snapshot."""
    leases, snapshots = Leases(client, keys, _LEASE_MS), Snapshots(client, keys)
    for cliente_id in cliente_ids:
        lease = leases.take(cliente_id, f"bench{cliente_id}", "bench", 1)
        assert lease is not None
        now = now_ms()
        phone = f"54911{40_000_000 + cliente_id}"
        snapshots.write(lease, Snapshot(cliente_id, SessionStatus.READY, since=now, phone_number=phone), now)
