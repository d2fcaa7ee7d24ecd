"""Finding the bytes of a received message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import and_, select

from hub_api.inbox.inbound_object import media_object
from hub_api.inbox.models import InboundMedia, InboundMessage
from hub_api.media.file_names import content_type, safe_name
from hub_api.services import Services
from shared.errors import MediaNotAvailable, MediaStoreUnreachable, NotFound
from shared.logs import get_logger
from shared.media.store import StoreFailed
from shared.protocol.inbound import MediaStatus

_log = get_logger(__name__)

_TRY_AGAIN_S = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A message's bytes: open, to be closed by whoever has them."""

    file: BinaryIO
    size: int
    sha256: str
    mime_type: str
    name: str


def find(services: Services, cliente_id: int, whatsapp_id: str) -> Found:
    """Opens them.

    Raises NotFound where there is no such message or it has no media, MediaNotAvailable where its bytes are not here;
    its details say what became of them. Raises MediaStoreUnreachable.
    """
    statement = (
        select(InboundMedia, InboundMessage.type)
        .outerjoin(
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
    if media.status != MediaStatus.AVAILABLE.value or media.sha256 is None:
        waits = media.status == MediaStatus.PENDING.value
        raise MediaNotAvailable(details={"media": media_object(media)}, retry_after_s=_TRY_AGAIN_S if waits else None)
    try:
        file = services.media.open(cliente_id, media.sha256)
        size = file.seek(0, 2)
        file.seek(0)
    except FileNotFoundError:
        _log.error("media.file_missing", cliente_id=cliente_id, sha256=media.sha256)
        lost = media_object(media) | {"status": MediaStatus.FAILED.value, "error": "MEDIA_FILE_MISSING"}
        raise MediaNotAvailable(details={"media": lost}) from None
    except StoreFailed as error:
        raise MediaStoreUnreachable(details={"store": str(error)}, retry_after_s=_TRY_AGAIN_S) from error
    mime_type = content_type(media.mime_type)
    return Found(file, size, media.sha256, mime_type, safe_name(media.file_name, kind or "media", mime_type))
