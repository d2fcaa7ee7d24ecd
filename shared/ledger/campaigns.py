"""What campaigns read and write of the ledger: pace, quotas, opt-outs, what is in flight, slots of the tick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import redis
from redis.client import Pipeline

from shared.ledger.script import QUOTA_KEPT_S
from shared.names import Keys
from shared.recipient_key import forms, recipient_key
from shared.transitions.message import OPEN_STATUSES

READS_PER_TENANT = 3  # commands that `ask_tenant` puts on a pipeline
_SLOT_KEPT_MS = 60_000


class CampaignLedger:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def take_slot(self, slot: int) -> bool:
        """True for the first who asks for a slot of time; two beats make one tick."""
        return bool(self._client.set(self._keys.campaign_slot(slot), "1", nx=True, px=_SLOT_KEPT_MS))

    # Counters.

    def ask_tenant(self, pipeline: Pipeline, cliente_id: int, day: int) -> None:
        """Puts on a pipeline: when the next bulk message may leave, the latest campaign message, the day's count."""
        pipeline.hget(self._keys.pace(cliente_id), "next_bulk")
        pipeline.get(self._keys.campaign_in_flight(cliente_id))
        pipeline.get(self._keys.campaign_quota(cliente_id, day))

    def open_among(self, message_ids: Sequence[str]) -> set[str]:
        """Those of these messages that are queued or being sent; one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for message_id in message_ids:
            pipeline.hget(self._keys.message(message_id), "status")
        answers = pipeline.execute()
        return {one for one, status in zip(message_ids, answers, strict=True) if status in OPEN_STATUSES}

    def known_among(self, message_ids: Sequence[str]) -> set[str]:
        """Those of these messages of which the ledger knows anything; one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for message_id in message_ids:
            pipeline.exists(self._keys.message(message_id))
        return {one for one, known in zip(message_ids, pipeline.execute(), strict=True) if known}

    def restore_quotas(self, used: Iterable[tuple[int, int, int]]) -> None:
        """used: tenant, local day, messages. A counter that says more stays. To be called while claims are closed."""
        given = [(self._keys.campaign_quota(cliente_id, day), count) for cliente_id, day, count in used]
        stored: list[Any] = self._client.mget([key for key, _ in given]) if given else []
        pipeline = self._client.pipeline(transaction=False)
        for (key, count), before in zip(given, stored, strict=True):
            if int(before or 0) < count:
                pipeline.set(key, count, ex=QUOTA_KEPT_S)
        pipeline.execute()

    def restore_pace(self, next_at: Iterable[tuple[int, int]], delay_ms: int) -> None:
        """next_at: tenant, the moment from which its next bulk or campaign message may leave; a later one stays.

        delay_ms: the longest that is meant, by which claims know a moment that a clock put back has moved away.
        To be called while claims are closed.
        """
        given = [(self._keys.pace(cliente_id), at_ms) for cliente_id, at_ms in next_at]
        pipeline = self._client.pipeline(transaction=False)
        for key, _ in given:
            pipeline.hget(key, "next_bulk")
        stored: list[Any] = pipeline.execute()
        for (key, at_ms), before in zip(given, stored, strict=True):
            if int(float(before or 0)) < at_ms:
                pipeline.hset(key, mapping={"next_bulk": at_ms, "bulk_ms": delay_ms})
        pipeline.execute()

    # Opt-outs: SQL is the master, this set is never less.

    def opted_out_among(self, asked: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
        """Those of these tenants and numbers that are on the tenant's list; one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id, number in asked:
            pipeline.sismember(self._keys.opted_out(cliente_id), recipient_key(number))
        members: list[Any] = pipeline.execute()
        return {one for one, member in zip(asked, members, strict=True) if member}

    def opt_out(self, numbers: Iterable[tuple[int, str]]) -> None:
        """Puts a tenant's numbers on its list, which holds the keys of their recipients."""
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id, number in numbers:
            pipeline.sadd(self._keys.opted_out(cliente_id), recipient_key(number))
        pipeline.execute()

    def opt_in(self, cliente_id: int, number: str) -> bool:
        """Takes a recipient off, by any form of its number; False where it was not on the list."""
        members = {recipient_key(number), *forms(number)}  # a list from before there were keys held numbers
        return bool(self._client.srem(self._keys.opted_out(cliente_id), *members))
