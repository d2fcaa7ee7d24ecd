"""What session workers and hosts must know of tenants, mirrored in Redis by the hub; SQL is the master."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import cast

import redis

from shared.names import Keys


@dataclass(frozen=True, slots=True)
class TenantRules:
    """None: the installation's setting holds."""

    daily_cap: int | None = None  # bulk and campaign messages a day; 0 for none
    timezone: str | None = None  # IANA name: whose midnight begins a day
    suspended: bool = False  # nothing is sent and no session runs

    def to_text(self) -> str:
        """As it stands in Redis."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> TenantRules:
        """Raises ValueError."""
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError(text) from error


NONE = TenantRules()


class TenantRulesMirror:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def read(self, cliente_id: int) -> TenantRules:
        """What holds for one tenant. Raises ValueError for what nobody of us wrote."""
        text = cast("str | None", self._client.hget(self._keys.tenant_rules, str(cliente_id)))
        return NONE if text is None else TenantRules.from_text(text)

    def all(self) -> dict[int, TenantRules]:
        """Of every tenant for which something holds. Raises ValueError."""
        found = cast("dict[str, str]", self._client.hgetall(self._keys.tenant_rules))
        return {int(cliente_id): TenantRules.from_text(text) for cliente_id, text in found.items()}

    def write(self, rules: Mapping[int, TenantRules]) -> None:
        """Puts what now holds for these tenants in place of what held."""
        pipeline = self._client.pipeline(transaction=True)
        for cliente_id, one in rules.items():
            if one == NONE:
                pipeline.hdel(self._keys.tenant_rules, str(cliente_id))
            else:
                pipeline.hset(self._keys.tenant_rules, str(cliente_id), one.to_text())
            if one.suspended:
                pipeline.sadd(self._keys.suspended, cliente_id)
            else:
                pipeline.srem(self._keys.suspended, cliente_id)
        pipeline.execute()
