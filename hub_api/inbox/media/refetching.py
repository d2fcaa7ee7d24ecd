"""Has a received message's bytes fetched once more, by a person's word."""

from __future__ import annotations

from hub_api.accounts.audit import trail
from hub_api.inbox.inbound_object import media_object
from hub_api.inbox.media import lookup
from hub_api.inbox.media.restore import pending_of
from hub_api.inbox.models import InboundMedia
from hub_api.media.opening import open_file
from hub_api.services import Services
from shared.errors import MediaNotFetchable, NotFound
from shared.instant import now_ms
from shared.protocol.inbound import MediaStatus

_FETCHABLE = (MediaStatus.FAILED.value, MediaStatus.EXPIRED.value, MediaStatus.PENDING.value)


def fetch_again(services: Services, cliente_id: int, whatsapp_id: str, who: str) -> dict[str, object]:
    """Returns the message's key and how its bytes stand now.

    Raises NotFound where there is no such message or it has no media; MediaNotFetchable, MediaStoreUnreachable;
    redis.RedisError and sqlalchemy.exc.SQLAlchemyError.
    """
    media, kind = lookup.of_message(services, cliente_id, whatsapp_id)
    if kind is None:
        raise NotFound()
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
        open_file(services, media.cliente_id, media.sha256).close()
    except FileNotFoundError:
        return True
    return False
