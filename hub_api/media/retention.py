"""Media go when their time is over; a file goes when no message names it any more.

Every file is deleted here and nowhere else. What was stored within a day is spared: its event may not be on record yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, cast

from sqlalchemy import CursorResult, select, update

from hub_api.inbox.models import InboundMedia
from hub_api.media.usage import count_used, tenants_with_media
from hub_api.services import Services
from shared.instant import now_ms
from shared.logs import get_logger
from shared.media.store import StoreFailed
from shared.protocol.inbound import MediaStatus
from shared.redis.alone import is_alone

_log = get_logger(__name__)

SPARED_S = 86_400.0
BATCH = 500
_DAY_MS = 86_400_000


class MediaRetention:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def run(self) -> None:
        """All of it. A store that is away is tried again at the next run."""
        forgotten = self.forget_old(now_ms())
        with self._services.database.reading() as session:
            tenants = tenants_with_media(session)
        try:
            deleted = self.delete_unnamed()
        except StoreFailed as error:
            _log.error("media.store_away", reason=str(error))
            deleted = 0
        count_used(self._services, tenants)
        if forgotten or deleted:
            _log.info("media.forgotten", messages=forgotten, files=deleted)

    def forget_old(self, at_ms: int) -> int:
        """Messages whose media were kept long enough no longer name a file. Returns how many."""
        days = self._services.settings.media_retention_days
        if days == 0:
            return 0
        is_old = (
            InboundMedia.status == MediaStatus.AVAILABLE.value,
            InboundMedia.stored_at < at_ms - days * _DAY_MS,
        )
        total = 0
        while is_alone():
            with self._services.database.reading() as session:
                ids = list(session.scalars(select(InboundMedia.id).where(*is_old).limit(BATCH)))
            with self._services.database.writing() as session:
                changed = session.execute(
                    update(InboundMedia)
                    .where(InboundMedia.id.in_(ids), *is_old)
                    .values(status=MediaStatus.EXPIRED.value, sha256=None, source="", error="MEDIA_RETENTION")
                )
                total += cast("CursorResult[Any]", changed).rowcount
            if len(ids) < BATCH:
                break
        return total

    def delete_unnamed(self, spared_s: float = SPARED_S) -> int:
        """Deletes files that no message names, and what a killed worker left half-written. Returns how many files."""
        store, deleted = self._services.media, 0
        for cliente_id in store.tenants():
            store.sweep_incoming(cliente_id, spared_s)
            old = (file.sha256 for file in store.files(cliente_id) if file.age_s >= spared_s)
            while some := list(islice(old, BATCH)):
                if not is_alone():
                    return deleted
                for sha256 in set(some) - self._named(cliente_id, some):
                    deleted += store.delete(cliente_id, sha256, older_than_s=spared_s)
        return deleted

    def _named(self, cliente_id: int, files: Iterable[str]) -> set[str]:
        statement = select(InboundMedia.sha256).where(
            InboundMedia.cliente_id == cliente_id,
            InboundMedia.sha256.in_(list(files)),
            InboundMedia.status == MediaStatus.AVAILABLE.value,
        )
        with self._services.database.reading() as session:
            return {sha256 for sha256 in session.scalars(statement) if sha256 is not None}
