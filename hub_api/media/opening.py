"""Opening files of the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from hub_api.media.file_names import content_type, safe_name
from hub_api.services import Services
from shared.errors import MediaStoreUnreachable
from shared.media.store import StoreFailed

_TRY_AGAIN_S = 5


@dataclass(frozen=True, slots=True)
class Opened:
    """A file of the store: open, to be closed by whoever has it. mime_type, name: as they may stand in an answer."""

    file: BinaryIO
    size: int
    sha256: str
    mime_type: str
    name: str


def open_file(services: Services, cliente_id: int, sha256: str) -> BinaryIO:
    """To be closed by whoever asked. Raises FileNotFoundError, MediaStoreUnreachable."""
    try:
        return services.media.open(cliente_id, sha256)
    except StoreFailed as error:
        raise unreachable(error) from error


def opened(services: Services, cliente_id: int, sha256: str, kind: str, mime_type: str, name: str) -> Opened:
    """A tenant's file, to be handed out. kind: of its message, and its name where it has none. mime_type, name: as
    somebody told them.

    Raises FileNotFoundError, MediaStoreUnreachable.
    """
    file = open_file(services, cliente_id, sha256)
    size = file.seek(0, 2)
    file.seek(0)
    shown_type = content_type(mime_type)
    return Opened(file, size, sha256, shown_type, safe_name(name, kind, shown_type))


def unreachable(error: StoreFailed) -> MediaStoreUnreachable:
    """What a caller is told of it."""
    return MediaStoreUnreachable(details={"store": str(error)}, retry_after_s=_TRY_AGAIN_S)
