"""How much the media of tenants take, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub_api.inbox.models import InboundMedia
from hub_api.services import Services
from shared.protocol.inbound import MediaStatus

QUOTA_EXCEEDED = "MEDIA_QUOTA_EXCEEDED"


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one tenant. by_status: messages."""

    used_bytes: int
    by_status: dict[MediaStatus, int]
    over_quota: bool


def usage_of(session: Session, cliente_id: int) -> Usage:
    """Raises sqlalchemy.exc.SQLAlchemyError."""
    counted = select(InboundMedia.status, func.count()).where(InboundMedia.cliente_id == cliente_id)
    found = {status: int(count) for status, count in session.execute(counted.group_by(InboundMedia.status))}
    refused = select(InboundMedia.id).where(InboundMedia.cliente_id == cliente_id, InboundMedia.error == QUOTA_EXCEEDED)
    return Usage(
        _used(session, cliente_id),
        {status: found.get(status.value, 0) for status in MediaStatus},
        session.scalar(refused.limit(1)) is not None,
    )


def count_used(services: Services, tenants: Iterable[int]) -> None:
    """Says in Redis what the files of these tenants take, for the workers' quota. An outcome that SQL does not have yet
    is left out, until the next time. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
    for cliente_id in tenants:
        with services.database.reading() as session:
            used = _used(session, cliente_id)
        services.ledger.media.count_used(cliente_id, used)


def tenants_with_media(session: Session) -> set[int]:
    """Those that ever received any."""
    return set(session.scalars(select(InboundMedia.cliente_id).distinct()))


def _used(session: Session, cliente_id: int) -> int:
    """Bytes of a tenant's files, each once."""
    files = (
        select(InboundMedia.sha256, func.max(InboundMedia.size).label("size"))
        .where(InboundMedia.cliente_id == cliente_id, InboundMedia.status == MediaStatus.AVAILABLE.value)
        .group_by(InboundMedia.sha256)
        .subquery()
    )
    return int(session.scalar(select(func.sum(files.c.size))) or 0)
