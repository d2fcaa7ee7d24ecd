"""Which sessions are to be kept running, as Redis mirrors it for the hosts; SQL is the master."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import cast

import redis

from shared.names import Keys
from shared.protocol.snapshot import Wanted
from shared.protocol.wire import WireError


class WantedSessions:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def all(self) -> list[int]:
        """The tenants whose sessions are wanted, longest wanted first."""
        return [int(cliente_id) for cliente_id in cast("list[str]", self._client.hkeys(self._keys.wanted))]

    def has(self, cliente_id: int) -> bool:
        """Whether the session is wanted."""
        return bool(self._client.hexists(self._keys.wanted, str(cliente_id)))

    def read(self, cliente_id: int) -> Wanted | None:
        """Since when and why it is wanted; None where it is not, or where that can't be read."""
        text = cast("str | None", self._client.hget(self._keys.wanted, str(cliente_id)))
        try:
            return None if text is None else Wanted.from_wire(json.loads(text))
        except (WireError, ValueError, TypeError):
            return None

    def add(self, cliente_id: int, wanted: Wanted) -> bool:
        """False where it was wanted before; what stands there stays."""
        return bool(self._client.hsetnx(self._keys.wanted, str(cliente_id), wanted.to_text()))

    def remove(self, cliente_id: int) -> bool:
        """False where it was not wanted."""
        return bool(self._client.hdel(self._keys.wanted, str(cliente_id)))

    def owe_logout(self, cliente_id: int, login_id: str) -> None:
        """The session's phone is to be unlinked. login_id: which login, "" for whichever there is."""
        self._client.hset(self._keys.logouts, str(cliente_id), login_id)

    def owed_logout(self, cliente_id: int) -> str | None:
        """The login that is to be unlinked, "" for whichever there is; None for none."""
        return cast("str | None", self._client.hget(self._keys.logouts, str(cliente_id)))

    def restore(
        self,
        wanted: Iterable[tuple[int, Wanted]],
        stores: Iterable[tuple[int, str]],
        logouts: Iterable[tuple[int, str]] = (),
    ) -> None:
        """Adds many, and which phones are to be unlinked; those that stand in Redis already stay.

        Sets which profile store holds whose login. To be called while claims are closed: nobody takes one meanwhile.
        """
        pipeline = self._client.pipeline(transaction=True)
        for cliente_id, one in wanted:
            pipeline.hsetnx(self._keys.wanted, str(cliente_id), one.to_text())
        for cliente_id, store_id in stores:
            pipeline.hset(self._keys.store_of, str(cliente_id), store_id)
        for cliente_id, login_id in logouts:
            pipeline.hsetnx(self._keys.logouts, str(cliente_id), login_id)
        pipeline.execute()

    def stores(self) -> dict[int, str | None]:
        """The profile store that holds each wanted session's login, None where none does yet; longest wanted first.

        Without those of suspended tenants: they stay wanted, and nobody runs them.
        """
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hkeys(self._keys.wanted)
        pipeline.hgetall(self._keys.store_of)
        pipeline.smembers(self._keys.suspended)
        wanted, stores, suspended = cast(tuple[list[str], dict[str, str], set[str]], tuple(pipeline.execute()))
        return {int(cliente_id): stores.get(cliente_id) for cliente_id in wanted if cliente_id not in suspended}

    def notify_hosts(self, *cliente_ids: int) -> None:
        """Hosts look after these sessions at once."""
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id in cliente_ids:
            pipeline.publish(self._keys.wake_channel, cliente_id)
        pipeline.execute()

    def owned(self, cliente_ids: Iterable[int]) -> set[int]:
        """Those that have an owner, in one round trip."""
        asked = list(cliente_ids)
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id in asked:
            pipeline.exists(self._keys.lease(cliente_id))
        return {cliente_id for cliente_id, found in zip(asked, pipeline.execute(), strict=True) if found}
