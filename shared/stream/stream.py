"""The events stream as the recorder reads it: what is new, how far it was recorded, what may be forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis

from shared.names import Keys
from shared.redis.scripts import Script, Scripts

START = "0-0"

Found = list[tuple[str, dict[str, str]]]  # entries: id and fields

_READ, _FORGET = (Script(Path(__file__).parent / f"{name}.lua") for name in ("read", "forget"))


class EventStream:
    """Every method raises redis.RedisError. incarnation: of the Redis that the caller means, as SQL has it."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)

    def after(self, incarnation: str, event_id: str, limit: int) -> Found | None:
        """The entries that follow one, oldest first, at most `limit`; None where Redis is another than meant."""
        answer: list[Any] = self._scripts.run(
            _READ,
            keys={"incarnation": self._keys.incarnation, "events": self._keys.events},
            args={"incarnation": incarnation, "after": event_id, "limit": limit},
        )
        if answer[0] != "ok":
            return None
        return [(entry_id, dict(zip(flat[::2], flat[1::2], strict=True))) for entry_id, flat in answer[1]]

    def newest(self) -> str | None:
        """Id of the last event so far, recorded or not; None where there is none."""
        last: Any = self._client.xrevrange(self._keys.events, count=1)
        return str(last[0][0]) if last else None

    def forget_before(self, incarnation: str, event_id: str) -> bool:
        """Everything up to an event was recorded: what follows is kept, and that one to mark the place.

        False, and nothing was done, where Redis is another than meant.
        """
        answer = self._scripts.run(
            _FORGET,
            keys={
                "incarnation": self._keys.incarnation,
                "events": self._keys.events,
                "drain_cursor": self._keys.drain_cursor,
            },
            args={"incarnation": incarnation, "event_id": event_id},
        )
        return bool(answer)

    def mark_drained(self, now_ms: int) -> None:
        """The background worker read the stream at this moment; `/ready` shows it."""
        self._client.set(self._keys.last_look("background"), now_ms)
