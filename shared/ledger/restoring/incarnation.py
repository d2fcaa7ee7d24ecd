"""Which life of the ledger a Redis holds, so that an emptied, older or foreign one is known before anything is claimed.

An incarnation is a random id, made whenever SQL is put back into a Redis, and kept in both stores. Beside it Redis says
how it stands with it: `restoring`, `restored`, `older` (whoever sends remembers more than it holds), or the run of the
server for which it was compared with SQL. Claims look whether that is the very server they run on: a copy, of whatever
age, never is.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import redis

from shared.ledger.script import ledger_script
from shared.names import Keys
from shared.redis.scripts import Scripts

_CONFIRM = ledger_script(__file__, "confirm")
_BEGIN = ledger_script(__file__, "begin")
_FINISH = ledger_script(__file__, "finish")
_OPEN_MARK = ledger_script(__file__, "open_mark")


class Standing(StrEnum):
    """How a Redis stands to what SQL recorded."""

    OPEN = "open"  # it holds all of it; claims are open
    ADOPTED = "adopted"  # it does, and had no incarnation yet
    AHEAD = "ahead"  # SQL forgot what it had recorded: it was restored from a copy
    LOST = "lost"  # emptied, older or foreign: claims are closed


@dataclass(frozen=True, slots=True)
class Comparison:
    """id: of the incarnation. recorded: the last event that was recorded, where SQL forgot it."""

    standing: Standing
    id: str
    recorded: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A restoring under way."""

    id: str  # of the new incarnation
    marker: str  # of this Redis meanwhile
    since: str  # the last event that had been recorded when this state was current, `0-0` for none
    read_after: str  # the same, or `0-0` where the stream does not have it any more
    # Where it holds all that SQL recorded, and may hold more: when SQL had last read the events before this server
    # began, in milliseconds. What was done from then on may be lost to both.
    unseen_since: int | None


class NotCompared(Exception):
    """Nothing was done: this is not the Redis that the caller knows, or it was not compared with SQL yet."""


class Incarnation:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._keys = keys
        self._scripts = Scripts(client)

    def marker(self) -> str | None:
        """What this Redis says of itself while claims are open, to be compared by whoever changes it; else None."""
        return cast("str | None", self._scripts.run(_OPEN_MARK, {"incarnation": self._keys.incarnation}, {}))

    def is_open(self) -> bool:
        """False where Redis was emptied, replaced or started anew and was not compared with SQL since."""
        return self.marker() is not None

    def confirm(self, known: str | None, cursor: str, read_at: int = 0) -> Comparison:
        """Compares with what SQL has and opens claims where it is the same life.

        known: the incarnation that SQL has. cursor: the id of the last event that it recorded, `0-0` for none.
        read_at: when SQL last read them, in milliseconds; 0 where it never did.
        """
        fresh = secrets.token_hex(8)
        standing, *recorded = self._scripts.run(
            _CONFIRM,
            keys=self._restoring_keys(),
            args={"known": known or "", "cursor": cursor, "fresh": fresh, "read_at": read_at},
        )
        found = Standing(standing)
        return Comparison(found, fresh if found is Standing.ADOPTED else known or "", *recorded)

    def begin(self, cursor: str) -> Begun:
        """Closes claims for a restoring; one that broke off is gone on with. cursor: as of `confirm`."""
        incarnation, since, read_after, unseen_since = self._scripts.run(
            _BEGIN,
            keys=self._restoring_keys(),
            args={"fresh": secrets.token_hex(8), "recorded": cursor},
        )
        return Begun(incarnation, f"{incarnation} restoring", since, read_after, int(unseen_since) or None)

    def _restoring_keys(self) -> dict[str, str]:
        keys = self._keys
        return {
            "incarnation": keys.incarnation,
            "events": keys.events,
            "drain_cursor": keys.drain_cursor,
            "unseen_since": keys.unseen_since,
        }

    def finish(self, incarnation: str) -> bool:
        """All is back; claims open once SQL has the incarnation too. False where Redis was emptied meanwhile."""
        return bool(self._scripts.run(_FINISH, {"incarnation": self._keys.incarnation}, {"id": incarnation}))
