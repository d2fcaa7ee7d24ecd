"""Received messages whose media were kept long enough give up their files."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, select, update

from hub_api.inbox.models import InboundMedia
from hub_api.registry import NamedFiles
from hub_api.services import Services
from shared.protocol.inbound import MediaStatus
from shared.redis.alone import is_alone

BATCH = 500
_DAY_MS = 86_400_000


def forget_old(services: Services, at_ms: int) -> int:
    """They no longer name a file. Returns how many. Raises sqlalchemy.exc.SQLAlchemyError."""
    days = services.settings.media_retention_days
    if days == 0:
        return 0
    is_old = (
        InboundMedia.status == MediaStatus.AVAILABLE.value,
        InboundMedia.stored_at < at_ms - days * _DAY_MS,
    )
    total = 0
    while is_alone():
        with services.database.reading() as session:
            ids = list(session.scalars(select(InboundMedia.id).where(*is_old).limit(BATCH)))
        with services.database.writing() as session:
            changed = session.execute(
                update(InboundMedia)
                .where(InboundMedia.id.in_(ids), *is_old)
                .values(status=MediaStatus.EXPIRED.value, sha256=None, source="", error="MEDIA_RETENTION")
            )
            total += cast("CursorResult[Any]", changed).rowcount
        if len(ids) < BATCH:
            break
    return total


INBOUND_FILES = NamedFiles(
    rows=select(InboundMedia).where(InboundMedia.status == MediaStatus.AVAILABLE.value),
    cliente_id=InboundMedia.cliente_id,
    sha256=InboundMedia.sha256,
    size=InboundMedia.size,
    forget=forget_old,
)
