"""Finding the bytes of a received message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from hub_api.inbox.inbound_object import media_object
from hub_api.media import lookup
from hub_api.media.file_names import content_type, safe_name
from hub_api.services import Services
from shared.errors import MediaNotAvailable
from shared.logs import get_logger
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
    media, kind = lookup.of_message(services, cliente_id, whatsapp_id)
    if media.status != MediaStatus.AVAILABLE.value or media.sha256 is None:
        waits = media.status == MediaStatus.PENDING.value
        raise MediaNotAvailable(details={"media": media_object(media)}, retry_after_s=_TRY_AGAIN_S if waits else None)
    try:
        file = lookup.open_file(services, cliente_id, media.sha256)
        size = file.seek(0, 2)
        file.seek(0)
    except FileNotFoundError:
        _log.error("media.file_missing", cliente_id=cliente_id, sha256=media.sha256)
        lost = media_object(media) | {"status": MediaStatus.FAILED.value, "error": "MEDIA_FILE_MISSING"}
        raise MediaNotAvailable(details={"media": lost}) from None
    mime_type = content_type(media.mime_type)
    return Found(file, size, media.sha256, mime_type, safe_name(media.file_name, kind or "media", mime_type))
