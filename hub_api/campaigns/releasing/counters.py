"""What all campaigns of a tenant share, read from Redis for many tenants in two round trips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from hub_api.campaigns.planning.plan import Counters
from shared.names import Keys
from shared.transitions.message import OPEN_STATUSES
from shared.transitions.session import SessionStatus

_LONGEST_PACE_MS = 86_400_000  # as claim.lua: a clock that jumped back must not silence a tenant


@dataclass(frozen=True, slots=True)
class TenantCounters:
    """shared: for the planner. restricted: WhatsApp restricts the number now."""

    shared: Counters
    restricted: bool


def read_counters(
    client: redis.Redis, keys: Keys, tenants: Sequence[tuple[int, int]], now_ms: int
) -> dict[int, TenantCounters]:
    """The counters of each tenant; beside it stands its local day. Raises redis.RedisError."""
    pipeline = client.pipeline(transaction=False)
    for cliente_id, day in tenants:
        pipeline.hmget(keys.session(cliente_id), "status", "restricted_until")
        pipeline.exists(keys.lease(cliente_id))
        pipeline.hget(keys.pace(cliente_id), "next_bulk")
        pipeline.get(keys.campaign_in_flight(cliente_id))
        pipeline.get(keys.campaign_quota(cliente_id, day))
    answers: list[Any] = pipeline.execute()
    rows = [answers[begin : begin + 5] for begin in range(0, len(answers), 5)]
    in_hand = _open_ones(client, keys, [row[3] for row in rows if row[3]])
    found: dict[int, TenantCounters] = {}
    for (cliente_id, _), (session, owned, next_bulk, last, used) in zip(tenants, rows, strict=True):
        next_at = int(next_bulk or 0)
        found[cliente_id] = TenantCounters(
            Counters(
                ready=bool(owned) and session[0] == SessionStatus.READY.value,
                in_hand=last in in_hand,
                next_at_ms=0 if next_at - now_ms > _LONGEST_PACE_MS else next_at,
                used_today=int(used or 0),
            ),
            restricted=int(session[1] or 0) > now_ms,
        )
    return found


def _open_ones(client: redis.Redis, keys: Keys, message_ids: Sequence[str]) -> set[str]:
    pipeline = client.pipeline(transaction=False)
    for message_id in message_ids:
        pipeline.hget(keys.message(message_id), "status")
    return {
        message_id
        for message_id, status in zip(message_ids, pipeline.execute(), strict=True)
        if status in OPEN_STATUSES
    }
