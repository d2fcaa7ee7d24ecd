"""Stop versions of campaigns in Redis: raising one makes every release that was decided before it worthless.

A release carries the version it was decided under, compared when its message is accepted, claimed and handed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import redis

from shared.names import Keys

_ALL = "*"


class StopVersions:
    """Every method raises redis.RedisError."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def read(self) -> StopVersionsSeen:
        """All of them, as they are now. To be read before what they guard: then a change in between is noticed."""
        return StopVersionsSeen(cast("dict[str, str]", self._client.hgetall(self._keys.campaign_stop_versions)))

    def stop_all(self) -> None:
        """Of the whole installation."""
        self._client.hincrby(self._keys.campaign_stop_versions, _ALL, 1)

    def stop_tenant(self, cliente_id: int) -> None:
        """Of a tenant."""
        self._client.hincrby(self._keys.campaign_stop_versions, f"{_ALL}{cliente_id}", 1)

    def stop(self, campaign_ids: Iterable[str]) -> None:
        """Of these campaigns."""
        pipeline = self._client.pipeline(transaction=False)
        for campaign_id in campaign_ids:
            pipeline.hincrby(self._keys.campaign_stop_versions, campaign_id, 1)
        pipeline.execute()


class StopVersionsSeen:
    """The versions at one moment."""

    def __init__(self, stored: dict[str, str]) -> None:
        self._stored = stored

    def of(self, cliente_id: int, campaign_id: str) -> str:
        """What a release must carry; composed as the Lua prelude does."""
        parts = (_ALL, f"{_ALL}{cliente_id}", campaign_id)
        return ".".join(self._stored.get(part, "0") for part in parts)
