"""Cuts messages that have ended down to what is still needed of them, once SQL has the rest.

An open message, and one whose outcome is uncertain, keeps all it has: it may be sent yet.
"""

from __future__ import annotations

from collections.abc import Sequence

import redis

from shared.ledger.entries import MessageRef
from shared.ledger.script import ledger_script
from shared.names import Keys
from shared.redis.scripts import Scripts

_SETTLE = ledger_script(__file__, "settle")
_AT_ONCE = 50  # messages in one step of Redis: below a millisecond


class Settling:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._keys = keys
        self._scripts = Scripts(client)

    def settle(self, messages: Sequence[MessageRef]) -> int:
        """Takes out the texts of those that have ended; returns how many. messages: SQL has each, text and all."""
        keys, taken_out = self._keys, 0
        for first in range(0, len(messages), _AT_ONCE):
            taken_out += self._scripts.run(
                _SETTLE,
                keys={},
                args={
                    "message_prefix": keys.message_prefix,
                    "counts_prefix": keys.counts_prefix,
                    "whatsapp_keys_prefix": keys.whatsapp_keys_prefix,
                    "open_prefix": keys.open_prefix,
                    "in_flight_prefix": keys.in_flight_prefix,
                    "held_prefix": keys.held_prefix,
                },
                rest=[part for message in messages[first : first + _AT_ONCE] for part in message],
            )
        return taken_out
