"""Finding the bytes of a received message."""

from __future__ import annotations

from hub_api.inbox.inbound_object import media_object
from hub_api.inbox.media import lookup
from hub_api.media.opening import Opened, opened
from hub_api.services import Services
from shared.errors import MediaNotAvailable
from shared.logs import get_logger
from shared.protocol.inbound import MediaStatus

_log = get_logger(__name__)

_TRY_AGAIN_S = 5


def find(services: Services, cliente_id: int, whatsapp_id: str) -> Opened:
    """Opens them.

    Raises NotFound where there is no such message or it has no media, MediaNotAvailable where its bytes are not here;
    its details say what became of them. Raises MediaStoreUnreachable.
    """
    media, kind = lookup.of_message(services, cliente_id, whatsapp_id)
    if media.status != MediaStatus.AVAILABLE.value or media.sha256 is None:
        waits = media.status == MediaStatus.PENDING.value
        raise MediaNotAvailable(details={"media": media_object(media)}, retry_after_s=_TRY_AGAIN_S if waits else None)
    try:
        return opened(services, cliente_id, media.sha256, kind or "media", media.mime_type, media.file_name)
    except FileNotFoundError:
        _log.error("media.file_missing", cliente_id=cliente_id, sha256=media.sha256)
        lost = media_object(media) | {"status": MediaStatus.FAILED.value, "error": "MEDIA_FILE_MISSING"}
        raise MediaNotAvailable(details={"media": lost}) from None
