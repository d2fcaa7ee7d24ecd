"""How far the database of a session's page was read, so that what came in while nobody listened is caught up.

The cursor speaks of all messages; what is met for the second time is known by its key. Until all types were recorded it
spoke of plain texts: rows of other kinds that were passed over then are not gone back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import redis

from shared.ledger.restoring.incarnation import Incarnation, NotCompared
from shared.ledger.script import KEPT_MS, ledger_script
from shared.names import Keys
from shared.redis.scripts import Scripts

_READ_UNTIL = ledger_script(__file__, "read_until")

# WhatsApp Web numbers what this device takes in from here on; below are rows of its history sync, counted downwards.
FIRST_ROW = 1_000_000_000
KNOWN_MS = KEPT_MS  # so long a recorded message is known by its key


@dataclass(frozen=True, slots=True)
class RowCursor:
    """All messages up to a row are recorded."""

    row_id: int
    since_ms: int = 0  # until the last row was reached once: what was written before it is left out


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A message that came in and could not be read yet."""

    key: str
    at_ms: int  # when it was written


@dataclass(frozen=True, slots=True)
class Position:
    """Where the last owner of a session stopped reading."""

    cursor: RowCursor | None  # None: never read for this login, or Redis lost it
    recorded_until_ms: int | None  # what SQL had when Redis came up empty
    placeholders: tuple[Placeholder, ...]
    marker: str  # of the Redis that says so: in another one it says nothing (`Incarnation.marker`)


class RowCursors:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._incarnation = Incarnation(client, keys)
        self._scripts = Scripts(client)

    def read(self, cliente_id: int, login_id: str) -> Position:
        """Where to go on for a login. Another login has other rows: none of its cursors says anything here.

        Raises NotCompared where this Redis was not compared with SQL yet, so that nobody knows where.
        """
        marker = self._incarnation.marker()  # first: a Redis that is lost from here on is not the one of this marker
        if marker is None:
            raise NotCompared
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hget(self._keys.row_cursors(cliente_id), login_id)
        pipeline.get(self._keys.recorded_until(cliente_id))
        pipeline.zrange(self._keys.placeholders(cliente_id), 0, -1, withscores=True)
        cursor, until, placeholders = cast("tuple[str | None, str | None, list[tuple[str, float]]]", pipeline.execute())
        return Position(
            None if cursor is None else RowCursor(*map(int, cursor.split())),
            None if until is None else int(until),
            tuple(Placeholder(key, int(at_ms)) for key, at_ms in placeholders),
            marker,
        )

    def keep(
        self,
        cliente_id: int,
        login_id: str,
        cursor: RowCursor,
        placeholders: tuple[Placeholder, ...] = (),
        *,
        marker: str = "",
    ) -> None:
        """Keeps the cursor and what was found that can't be read yet. First record what stands before it.

        marker: see `Receipts.record`. Raises NotCompared as that does: what was recorded may be lost.
        """
        answer = self._scripts.run(
            _READ_UNTIL,
            keys={
                "cursors": self._keys.row_cursors(cliente_id),
                "placeholders": self._keys.placeholders(cliente_id),
                "incarnation": self._keys.incarnation,
            },
            args={
                "login_id": login_id,
                "cursor": _text(cursor),
                "marker": marker,
            },
            rest=[part for one in placeholders for part in (one.at_ms, one.key)],
        )
        if answer == "not_compared":
            raise NotCompared

    def forget_placeholders(self, cliente_id: int, keys: tuple[str, ...]) -> None:
        """These are placeholders no more, or nobody waits for them any longer. First record what they became."""
        if keys:
            self._client.zrem(self._keys.placeholders(cliente_id), *keys)

    def restore(self, cliente_id: int, recorded_until_ms: int) -> None:
        """Says, in a Redis that came up empty, until when SQL's record goes: reading begins there."""
        self._client.set(self._keys.recorded_until(cliente_id), recorded_until_ms)


def _text(cursor: RowCursor) -> str:
    return f"{cursor.row_id} {cursor.since_ms}"
