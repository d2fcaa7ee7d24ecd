"""What became of the media that a tenant received, and how much all its files take."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub_api.inbox.models import InboundMedia
from hub_api.media.keeping.named_files import used_bytes
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
        used_bytes(session, cliente_id),
        {status: found.get(status.value, 0) for status in MediaStatus},
        session.scalar(refused.limit(1)) is not None,
    )
