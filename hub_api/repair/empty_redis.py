"""Redis came up empty → every subject puts back what SQL knows of it, and only then may sessions be claimed.

What no event told is not put back: which phone was paired last (the owner says it again) and rates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hub_api.services import Services
from hub_api.subjects import subjects
from shared.instant import now_ms
from shared.logs import get_logger

_log = get_logger(__name__)

Restore = Callable[[Services, int], None]


class EmptyRedis:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError; what broke off is repeated as a whole."""

    def __init__(self, services: Services, hooks: Sequence[Restore]) -> None:
        """hooks: each puts back what belongs to one subject, and may be called again where a run broke off."""
        self._services = services
        self._hooks = hooks

    def mend(self) -> bool:
        """Has all put back where the mark is missing, which is set last. Returns whether there was anything to do."""
        services = self._services
        if services.ledger.restoring.marker() is not None:
            return False
        for restore in self._hooks:
            restore(services, now_ms())
        services.ledger.restoring.open_claims(now_ms())
        services.wanted.notify_hosts(*services.wanted.all())
        _log.warning("redis.restored")
        return True


def make_empty_redis(services: Services) -> EmptyRedis:
    """With the hooks of all subjects, in their order."""
    return EmptyRedis(services, [restore for subject in subjects() for restore in subject.restore])
