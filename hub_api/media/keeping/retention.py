"""Rows give up their files when their time is over; a file goes when nothing names it any more.

Every file is deleted here and nowhere else. What was stored within a day is spared: what names it may not be on record
yet.
"""

from __future__ import annotations

from itertools import islice

from hub_api.media.keeping.named_files import all_named, count_used, named_among, tenants_with_files
from hub_api.services import Services
from shared.instant import now_ms
from shared.logs import get_logger
from shared.media.store import StoreFailed
from shared.redis.alone import is_alone

_log = get_logger(__name__)

SPARED_S = 86_400.0
BATCH = 500


class MediaRetention:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def run(self) -> None:
        """All of it. A store that is away is tried again at the next run."""
        with self._services.database.reading() as session:
            tenants = tenants_with_files(session)
        at_ms = now_ms()
        forgotten = sum(each.forget(self._services, at_ms) for each in all_named() if each.forget is not None)
        try:
            tenants.update(self._services.media.tenants())  # those whose last row is gone are counted too
            deleted = self.delete_unnamed()
        except StoreFailed as error:
            _log.error("media.store_away", reason=str(error))
            deleted = 0
        count_used(self._services, tenants)
        if forgotten or deleted:
            _log.info("media.forgotten", rows=forgotten, files=deleted)

    def delete_unnamed(self, spared_s: float = SPARED_S) -> int:
        """Deletes files that nothing names, and what a killed process left half-written. Returns how many files."""
        store, deleted = self._services.media, 0
        for cliente_id in store.tenants():
            store.sweep_incoming(cliente_id, spared_s)
            old = (file.sha256 for file in store.files(cliente_id) if file.age_s >= spared_s)
            while some := list(islice(old, BATCH)):
                if not is_alone():
                    return deleted
                with self._services.database.reading() as session:
                    named = named_among(session, cliente_id, some)
                for sha256 in set(some) - named:
                    deleted += store.delete(cliente_id, sha256, older_than_s=spared_s)
        return deleted
