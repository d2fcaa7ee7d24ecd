"""Has a received message's bytes fetched once more, by a person's word."""

from __future__ import annotations

from sqlalchemy import and_, select

from hub_api.accounts.audit import trail
from hub_api.inbox.inbound_object import media_object
from hub_api.inbox.models import InboundMedia, InboundMessage
from hub_api.media.restore import pending_of
from hub_api.services import Services
from shared.errors import MediaNotFetchable, MediaStoreUnreachable, NotFound
from shared.instant import now_ms
from shared.media.store import StoreFailed
from shared.protocol.inbound import MediaStatus

_FETCHABLE = (MediaStatus.FAILED.value, MediaStatus.EXPIRED.value, MediaStatus.PENDING.value)
_TRY_AGAIN_S = 5


def fetch_again(services: Services, cliente_id: int, whatsapp_id: str, who: str) -> dict[str, object]:
    """Returns the message's key and how its bytes stand now.

    Raises NotFound where there is no such message or it has no media; MediaNotFetchable, MediaStoreUnreachable;
    redis.RedisError and sqlalchemy.exc.SQLAlchemyError.
    """
    statement = (
        select(InboundMedia, InboundMessage.type)
        .join(
            InboundMessage,
            and_(
                InboundMessage.cliente_id == InboundMedia.cliente_id,
                InboundMessage.whatsapp_id == InboundMedia.whatsapp_id,
            ),
        )
        .where(InboundMedia.cliente_id == cliente_id, InboundMedia.whatsapp_id == whatsapp_id)
    )
    with services.database.reading() as session:
        row = session.execute(statement).first()
    if row is None:
        raise NotFound()
    media, kind = row
    pending = pending_of(media, kind)
    if pending is None or not (media.status in _FETCHABLE or _is_missing(services, media)):
        raise MediaNotFetchable(details={"media": media_object(media)})
    with services.database.writing() as session:
        trail.note(session, who, "media.fetch", cliente_id, f"media {media.id}", status=media.status)
        # Within the transaction: a Redis that is away leaves no line of what was not done.
        services.ledger.media.refetch(cliente_id, whatsapp_id, pending, now_ms())
    return {
        "whatsapp_id": whatsapp_id,
        "media": media_object(media) | {"status": MediaStatus.PENDING.value, "error": None},
    }


def _is_missing(services: Services, media: InboundMedia) -> bool:
    """Whether SQL names a file that the store does not have."""
    if media.status != MediaStatus.AVAILABLE.value or media.sha256 is None:
        return False
    try:
        services.media.open(media.cliente_id, media.sha256).close()
    except FileNotFoundError:
        return True
    except StoreFailed as error:
        raise MediaStoreUnreachable(details={"store": str(error)}, retry_after_s=_TRY_AGAIN_S) from error
    return False
