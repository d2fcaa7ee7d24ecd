"""The session hosts that announce themselves: each lives while its heartbeat does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import redis

from shared.names import Keys
from shared.redis.scripts import Script, Scripts

HEARTBEAT_S = 15  # a host that has not announced itself for so long is gone

_FORGET = Script(Path(__file__).parent / "lua" / "hosts_forget.lua")


class Hosts:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)

    def announce(self, host_id: str, state: Mapping[str, str | int]) -> None:
        """A host's heartbeat. state: its profile store as `store`, and its load."""
        key = self._keys.host(host_id)
        pipeline = self._client.pipeline(transaction=False)
        for name, value in state.items():
            pipeline.hset(key, name, str(value))
        pipeline.expire(key, HEARTBEAT_S)
        pipeline.sadd(self._keys.hosts, host_id)
        pipeline.execute()

    def forget(self, host_id: str) -> None:
        """A host that ends in order."""
        self._client.delete(self._keys.host(host_id))
        self._client.srem(self._keys.hosts, host_id)

    def forget_dead(self) -> int:
        """Takes out the ids of hosts that ended without a word; returns how many."""
        keys = self._keys
        return int(self._scripts.run(_FORGET, keys={"hosts": keys.hosts}, args={"host_prefix": keys.host_prefix}))

    def alive(self) -> int:
        """How many are alive."""
        known = cast("set[str]", self._client.smembers(self._keys.hosts))
        return self._client.exists(*map(self._keys.host, known)) if known else 0

    def announced_stores(self) -> set[str]:
        """The profile stores that live hosts mount."""
        known = cast("set[str]", self._client.smembers(self._keys.hosts))
        pipeline = self._client.pipeline(transaction=False)
        for host_id in sorted(known):
            pipeline.hget(self._keys.host(host_id), "store")
        return {store for store in pipeline.execute() if store is not None}
