"""Redis is not as SQL knows it: emptied, an older copy, or another's → what SQL knows is put back, then claims open.

It is looked at before each drain, and on a server that was not compared nothing can be claimed (`Incarnation`). What no
event told is not put back: which phone was paired last (the owner says it again) and rates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hub_api.recording import cursor
from hub_api.recording.cursor import Place
from hub_api.registry import Restoration
from hub_api.services import Services
from hub_api.subjects import subjects
from shared.instant import now_ms
from shared.ledger.restoring.incarnation import Standing
from shared.logs import get_logger
from shared.stream.stream import START

_log = get_logger(__name__)

Restore = Callable[[Services, Restoration], None]


class LostState:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError; what broke off is repeated as a whole."""

    def __init__(self, services: Services, hooks: Sequence[Restore]) -> None:
        """hooks: each puts back what belongs to one subject, and may be called again where a run broke off."""
        self._services = services
        self._hooks = hooks

    def mend(self) -> bool:
        """Has all put back where Redis is not the one that SQL knows. Returns whether there was anything to do."""
        database, incarnation = self._services.database, self._services.ledger.incarnation
        known = cursor.place(database)
        found = incarnation.confirm(known.incarnation, known.cursor, known.read_at)
        match found.standing:
            case Standing.OPEN:
                return False
            case Standing.ADOPTED:
                cursor.move(database, Place(found.id, known.cursor))
            case Standing.AHEAD:
                # The database was put back from a copy: what it forgot is gone from the stream as well.
                _log.error("events.forgotten_by_sql", cursor=known.cursor, recorded=found.recorded)
                cursor.move(database, Place(found.id, found.recorded))
            case Standing.LOST:
                self._restore(known.cursor)
        self._confirm()
        return True

    def _restore(self, recorded: str) -> None:
        services = self._services
        incarnation = services.ledger.incarnation
        begun = incarnation.begin(recorded)
        restoration = Restoration(now_ms(), begun.marker, begun.id, begun.since, begun.unseen_since)
        _log.warning("redis.restoring", found="empty" if begun.since == START else "older or foreign")
        for restore in self._hooks:
            restore(services, restoration)
        if incarnation.finish(begun.id):
            cursor.move(services.database, Place(begun.id, begun.read_after))

    def _confirm(self) -> None:
        """Where Redis was replaced once more meanwhile, the next look finds it."""
        services = self._services
        known = cursor.place(services.database)
        found = services.ledger.incarnation.confirm(known.incarnation, known.cursor, known.read_at)
        if found.standing is Standing.OPEN:
            services.wanted.notify_hosts(*services.wanted.all())
            _log.warning("redis.restored", incarnation=known.incarnation)


def make_lost_state(services: Services) -> LostState:
    """With the hooks of all subjects, in their order."""
    return LostState(services, [restore for subject in subjects() for restore in subject.restore])
