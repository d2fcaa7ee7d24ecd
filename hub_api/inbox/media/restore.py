"""Puts back into an emptied or older Redis which bytes are still to be fetched."""

from __future__ import annotations

import json
from collections import defaultdict

from hub_api.inbox.media.lookup import media_with_type
from hub_api.inbox.models import InboundMedia
from hub_api.registry import Restoration
from hub_api.services import Services
from shared.ledger.media.pending import PendingMedia
from shared.logs import get_logger
from shared.protocol.inbound import InboundType, MediaSource, MediaStatus
from shared.protocol.wire import WireError

_log = get_logger(__name__)

BATCH = 500


def restore(services: Services, restoration: Restoration) -> None:
    """What came of fetching them so far is forgotten. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
    after = 0
    while True:
        statement = (
            media_with_type()
            .where(InboundMedia.status == MediaStatus.PENDING.value, InboundMedia.id > after)
            .order_by(InboundMedia.id)
            .limit(BATCH)
        )
        with services.database.reading() as session:
            rows = [(media, kind) for media, kind in session.execute(statement)]
        by_tenant: dict[int, dict[str, PendingMedia]] = defaultdict(dict)
        for media, kind in rows:
            pending = pending_of(media, kind)
            if pending is not None:
                by_tenant[media.cliente_id][media.whatsapp_id] = pending
        for cliente_id, entries in by_tenant.items():
            services.ledger.media.restore(cliente_id, entries, restoration.now_ms)
        if len(rows) < BATCH:
            break
        after = rows[-1][0].id


def pending_of(media: InboundMedia, kind: str | None) -> PendingMedia | None:
    """What is to be fetched, as Redis keeps it; None where nobody knows where, or of what, it is any more."""
    if not media.source or kind is None:
        return None
    try:
        return PendingMedia(MediaSource.from_wire(json.loads(media.source)), InboundType(kind))
    except (WireError, ValueError):
        _log.error("media.source_unreadable", cliente_id=media.cliente_id)
        return None
