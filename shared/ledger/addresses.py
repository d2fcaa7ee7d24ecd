"""Which number a tenant writes to at an address that WhatsApp answered, such as a LID. SQL is the master.

An address is what `shared.recipient_key.address_of` makes of a chat's id. `put_key.lua` and `inbound.lua` add to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import redis

from shared.names import Keys


class Addresses:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def learn(self, numbers: Mapping[tuple[int, str], str]) -> None:
        """Keeps numbers by tenant and address."""
        pipeline = self._client.pipeline(transaction=False)
        for (cliente_id, address), number in numbers.items():
            pipeline.hset(self._keys.addresses(cliente_id), address, number)
        pipeline.execute()

    def numbers(self, cliente_id: int, addresses: Iterable[str]) -> dict[str, str]:
        """The numbers of those that are known; asks nothing where none is asked for."""
        asked = list(addresses)
        if not asked:
            return {}
        found = cast("list[str | None]", self._client.hmget(self._keys.addresses(cliente_id), asked))
        return {address: number for address, number in zip(asked, found, strict=True) if number is not None}
