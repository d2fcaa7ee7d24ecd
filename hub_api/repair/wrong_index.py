"""A message stands in no index, or in the wrong one → the indexes are made to say what its entry says.

Claims then treat it like any other: what is `sending` goes back in flight, where the owner asks WhatsApp by its key.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub_api.services import Services
from shared.ledger.entries import MessageRef
from shared.logs import get_logger

_log = get_logger(__name__)

_DONE = ("reindexed", "cleared")


def mend(services: Services, wrong: Sequence[MessageRef], now_ms: int) -> dict[str, int]:
    """Returns how many messages were `reindexed`, and how many that have ended were `cleared` from an index.

    Raises redis.RedisError.
    """
    done = dict.fromkeys(_DONE, 0)
    for cliente_id, message_id in wrong:
        answer = services.ledger.restoring.reindex(cliente_id, message_id, now_ms)
        if answer in done:
            done[answer] += 1
            _log.error("ledger.index_was_wrong", cliente_id=cliente_id, message_id=message_id, now=answer)
    return done
