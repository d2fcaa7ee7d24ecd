"""What all campaigns of a tenant share, read from Redis for many tenants in two round trips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub_api.campaigns.planning.plan import Counters
from hub_api.campaigns.planning.round import TenantCounters
from hub_api.services import Services
from shared.ledger.campaigns import READS_PER_TENANT
from shared.ledger.script import MAX_PACE_MS
from shared.sessions.snapshots import Snapshots

_SESSION_READS = 3  # of `Snapshots.ask`
_READS = _SESSION_READS + READS_PER_TENANT


def read_counters(services: Services, days: Mapping[int, int], now_ms: int) -> dict[int, TenantCounters]:
    """The counters of each tenant. days: each tenant's local day, by its id. Raises redis.RedisError."""
    ledger = services.ledger.campaigns
    pipeline = services.client.pipeline(transaction=False)
    for cliente_id, day in days.items():
        services.snapshots.ask(pipeline, cliente_id)
        ledger.ask_tenant(pipeline, cliente_id, day)
    answers: list[Any] = pipeline.execute()
    rows = [answers[begin : begin + _READS] for begin in range(0, len(answers), _READS)]
    in_flight = ledger.open_among([row[-2] for row in rows if row[-2]])
    return {
        cliente_id: _counters(cliente_id, row, in_flight, now_ms) for cliente_id, row in zip(days, rows, strict=True)
    }


def _counters(cliente_id: int, row: list[Any], in_flight: set[str], now_ms: int) -> TenantCounters:
    session = Snapshots.view(cliente_id, row[:_SESSION_READS])
    next_bulk, latest, used = row[_SESSION_READS:]
    next_at = int(next_bulk or 0)
    shared = Counters(
        ready=session.can_send,
        changed=session.is_held_by_build,
        in_flight=latest in in_flight,
        next_at_ms=0 if next_at - now_ms > MAX_PACE_MS else next_at,
        used_today=int(used or 0),
        limited_until_ms=session.snapshot.limited_until,
    )
    return TenantCounters(shared, restricted=session.snapshot.restricted_until > now_ms)
