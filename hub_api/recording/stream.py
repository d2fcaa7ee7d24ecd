"""The events stream as the recorder reads it: what is new, how far it was recorded, what may be forgotten."""

from __future__ import annotations

from typing import cast

import redis

from shared.names import Keys

START = "0-0"

Found = list[tuple[str, dict[str, str]]]  # entries: id and fields


class EventStream:
    """Every method raises redis.RedisError."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def after(self, event_id: str, limit: int) -> Found:
        """The entries that follow one, oldest first, at most `limit`."""
        return cast(Found, self._client.xrange(self._keys.events, min=f"({event_id}", count=limit))

    def newest(self) -> str | None:
        """Id of the last event so far, whether or not it was trimmed; None where the stream does not exist."""
        if not self._client.exists(self._keys.events):
            return None
        return str(self._client.xinfo_stream(self._keys.events)["last-generated-id"])

    def forget_before(self, event_id: str) -> None:
        """Everything up to an event was recorded: the rest is kept, and that one to mark the place."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.set(self._keys.drain_cursor, event_id)
        pipeline.xtrim(self._keys.events, minid=event_id, approximate=False)
        pipeline.execute()

    def mark_drained(self, now_ms: int) -> None:
        """The background worker read the stream at this moment; `/ready` shows it."""
        self._client.set(self._keys.last_drain, now_ms)

    def was_recorded_before(self) -> bool:
        """False in a Redis that came up empty."""
        return bool(self._client.exists(self._keys.drain_cursor))
