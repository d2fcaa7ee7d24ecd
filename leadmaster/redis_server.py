"""What a Redis server does for accepted messages: at a crash, at a failover, and when its memory is full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """As the server says it; "" where it does not tell."""

    version: str
    role: str  # `master`, or it is a replica
    replicas: int
    min_replicas: str  # that must be near for a write to be taken
    policy: str  # when memory is full
    append_only: bool
    fsync: str  # of the append-only file: `always`, `everysec`, `no`

    @property
    def text(self) -> str:
        """One line."""
        syncs = f"append-only, appendfsync {self.fsync or 'not told'}" if self.append_only else "not append-only"
        waits = f"min-replicas-to-write {self.min_replicas or 'not told'}"
        replicas = f"{self.replicas} replicas, WAIT not used, {waits}" if self.replicas else "no replica"
        role = "primary" if self.role == "master" else "replica"
        return f"{self.version}, {self.policy or 'maxmemory-policy not told'}, {syncs}, {role}, {replicas}"

    @property
    def advice(self) -> str:
        """What to do; "" where all is well."""
        if self.role != "master":
            return "REDIS_URL must name the primary: a replica takes no writes"
        if self.policy not in ("noeviction", ""):
            return "CONFIG SET maxmemory-policy noeviction: it would throw accepted messages away"
        if not self.append_only:
            return "CONFIG SET appendonly yes: it would forget accepted messages at a crash"
        if self.fsync not in ("always", ""):
            return "CONFIG SET appendfsync always: a crash may lose what was accepted last (docs/operation.md)"
        return ""


def read_facts(client: redis.Redis) -> ServerFacts:
    """Also from a server that keeps its configuration to itself. Raises redis.RedisError."""
    info: Mapping[str, Any] = client.info()
    return ServerFacts(
        version=str(info.get("valkey_version") or info.get("redis_version") or ""),
        role=str(info.get("role", "")),
        replicas=int(info.get("connected_slaves", 0)),
        min_replicas=_setting(client, "min-replicas-to-write"),
        policy=str(info.get("maxmemory_policy", "")),
        append_only=bool(info.get("aof_enabled")),
        fsync=_setting(client, "appendfsync"),
    )


def _setting(client: redis.Redis, name: str) -> str:
    try:
        return str(client.config_get(name).get(name, ""))
    except redis.ResponseError:  # managed servers forbid CONFIG
        return ""
