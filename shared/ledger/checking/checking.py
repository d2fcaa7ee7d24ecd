"""Looks for messages that stand wrong, a bounded number in each round trip. Nothing here changes anything.

A message may move between a look and what follows from it: who mends it looks again, in one step with the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import redis

from shared.ledger.entries import MessageRef
from shared.ledger.script import ledger_script
from shared.names import Keys
from shared.redis.scripts import Scripts

_INDEXES = ledger_script(__file__, "indexes")
_RECORDS = ledger_script(__file__, "records")


@dataclass(frozen=True, slots=True)
class IndexLook:
    """What one look at a tenant's indexes found."""

    place: str  # where the next one goes on; "" at the end
    looked_at: int  # entries
    gone: tuple[str, ...]  # ids in an index without a message in the ledger
    wrong: tuple[str, ...]  # ids in an index that their message does not belong to


class Standing(StrEnum):
    """How a message that SQL has as open stands in the ledger."""

    OK = "ok"
    GONE = "gone"  # the ledger has no such message
    WRONG = "wrong"  # in no index, or in a wrong one
    ENDED = "ended"  # the ledger knows how it ended


class Checking:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._keys = keys
        self._scripts = Scripts(client)

    def indexes(self, cliente_id: int, place: str, limit: int) -> IndexLook:
        """Looks at `limit` entries of a tenant's indexes at most. place: where the look before ended, "" to begin."""
        keys = self._keys
        place, looked_at, gone, wrong = self._scripts.run(
            _INDEXES,
            keys={
                "open": keys.open(cliente_id),
                "in_flight": keys.in_flight(cliente_id),
                "held": keys.held(cliente_id),
            },
            args={"message_prefix": keys.message_prefix, "place": place, "limit": limit},
        )
        return IndexLook(place, looked_at, tuple(gone), tuple(wrong))

    def records(self, messages: Sequence[MessageRef]) -> list[Standing]:
        """How messages stand that SQL has as open, in the order asked."""
        keys = self._keys
        answers: list[str] = self._scripts.run(
            _RECORDS,
            keys={},
            args={
                "message_prefix": keys.message_prefix,
                "open_prefix": keys.open_prefix,
                "in_flight_prefix": keys.in_flight_prefix,
                "held_prefix": keys.held_prefix,
            },
            rest=[part for message in messages for part in message],
        )
        return [Standing(answer) for answer in answers]
