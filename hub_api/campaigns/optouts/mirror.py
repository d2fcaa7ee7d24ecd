"""Puts every opt-out into the set in Redis that accepting and claiming look at. SQL is the master."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from hub_api.campaigns.models import OptOut
from hub_api.recipients.models import UnattributedOptOut
from hub_api.services import Services
from shared.logs import get_logger

_log = get_logger(__name__)
_CHUNK = 1_000


def mirror(services: Services) -> int:
    """Returns how many there are. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
    with services.database.reading() as session:
        rows = [(row.cliente_id, row.number) for row in session.execute(select(OptOut.cliente_id, OptOut.number))]
        unattributed = select(UnattributedOptOut.cliente_id, UnattributedOptOut.address)
        rows += [(row.cliente_id, row.address) for row in session.execute(unattributed)]
    for begin in range(0, len(rows), _CHUNK):
        services.ledger.campaigns.opt_out(rows[begin : begin + _CHUNK])
    return len(rows)


def mirror_once(services: Services) -> Callable[[], object]:
    """Does so at its first call: a release may compare recipients otherwise than the one that wrote the set."""
    done = False

    def run() -> None:
        nonlocal done
        if not done:
            _log.info("optouts.mirrored", optouts=mirror(services))
            done = True

    return run
