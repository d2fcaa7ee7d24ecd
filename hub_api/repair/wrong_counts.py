"""A tenant's counts don't add up, so a message was lost or counted twice → an alarm stands until they do."""

from __future__ import annotations

from hub_api.accounts.tenants import service as accounts
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.balance import Balance
from shared.logs import get_logger
from shared.protocol.events import event_data

_log = get_logger(__name__)


class WrongCounts:
    """Alarms where a tenant's balance does not add up twice in a row."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._suspects: set[int] = set()

    def check(self) -> list[int]:
        """Returns the tenants that stand in alarm. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
        services = self._services
        off: dict[int, Balance] = {}
        for cliente_id in accounts.tenants(services.database):
            balance = services.ledger.entries.balance(cliente_id)
            if not balance.balanced:
                off[cliente_id] = balance
        alarmed = sorted(off.keys() & self._suspects)
        before = services.ledger.restoring.imbalances()
        for cliente_id in alarmed:
            found = off[cliente_id].numbers()
            _log.error("ledger.out_of_balance", cliente_id=cliente_id, **found.to_wire())
            if before.get(cliente_id) != event_data(found):
                services.ledger.restoring.report_imbalance(cliente_id, found, now_ms())
        passed = [cliente_id for cliente_id in before if cliente_id not in off]
        if passed:
            services.ledger.restoring.clear_imbalances(passed)
            _log.warning("ledger.balanced_again", tenants=passed)
        self._suspects = set(off)
        return alarmed
