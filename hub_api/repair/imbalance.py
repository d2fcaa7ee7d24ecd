"""Whether every accepted message is accounted for, tenant by tenant (CONTRACT section 3: never lost)."""

from __future__ import annotations

import json
from typing import Any, cast

import redis
from sqlalchemy import func, select

from hub_api.accounts import service as accounts
from hub_api.database import Database
from hub_api.messages.models import MessageRecord
from shared.instant import now_ms
from shared.ledger.balance import Balance
from shared.ledger.ledger import Ledger
from shared.logs import get_logger
from shared.names import Keys

_log = get_logger(__name__)


def report(database: Database, ledger: Ledger, cliente_id: int) -> dict[str, Any]:
    """What became of a tenant's messages: by the ledger's counters, and by SQL's records, which retention shortens."""
    statement = (
        select(MessageRecord.status, func.count())
        .where(MessageRecord.cliente_id == cliente_id)
        .group_by(MessageRecord.status)
    )
    with database.reading() as session:
        recorded = {str(status): int(number) for status, number in session.execute(statement)}
    return {"cliente_id": cliente_id, **numbers(ledger.balance(cliente_id)), "recorded": recorded}


def numbers(balance: Balance) -> dict[str, Any]:
    """accepted = sent + failed + cancelled + expired + uncertain + open; `held` is part of `open`."""
    return {
        "accepted": balance.accepted,
        **balance.settled,
        "open": balance.open,
        "queued": balance.queued,
        "in_flight": balance.in_flight,
        "held": balance.held,
        "balanced": balance.balanced,
    }


class BalanceCheck:
    """Alarms where a tenant's balance does not add up twice in a row."""

    def __init__(self, database: Database, client: redis.Redis, keys: Keys, ledger: Ledger) -> None:
        self._database = database
        self._client = client
        self._keys = keys
        self._ledger = ledger
        self._suspects: set[int] = set()

    def run(self) -> list[int]:
        """Returns the tenants that stand in alarm. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
        off: dict[int, Balance] = {}
        for cliente_id in accounts.tenants(self._database):
            balance = self._ledger.balance(cliente_id)
            if not balance.balanced:
                off[cliente_id] = balance
        alarmed = sorted(off.keys() & self._suspects)
        before = cast("dict[str, str]", self._client.hgetall(self._keys.imbalances))
        for cliente_id in alarmed:
            found = numbers(off[cliente_id])
            _log.error("ledger.imbalance", cliente_id=cliente_id, **found)
            text = json.dumps(found)
            if before.get(str(cliente_id)) != text:
                self._ledger.report_imbalance(cliente_id, text, now_ms())
        passed = [cliente_id for cliente_id in before if int(cliente_id) not in off]
        if passed:
            self._client.hdel(self._keys.imbalances, *passed)
            _log.warning("ledger.balanced_again", tenants=passed)
        self._suspects = set(off)
        return alarmed
