"""Opening claims in a Redis that stands beside no SQL, as the background worker does once it compared the two."""

from __future__ import annotations

import redis

from shared.ledger.restoring.incarnation import Incarnation, Standing
from shared.names import Keys
from shared.stream.stream import START


def open_claims(client: redis.Redis, keys: Keys) -> str:
    """Returns the incarnation."""
    incarnation = Incarnation(client, keys)
    begun = incarnation.begin(START)
    assert incarnation.finish(begun.id)
    assert incarnation.confirm(begun.id, START).standing is Standing.OPEN
    return begun.id
