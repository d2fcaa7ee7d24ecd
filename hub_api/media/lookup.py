"""Received messages' media as SQL has them, and their files."""

from __future__ import annotations

from typing import BinaryIO

from sqlalchemy import Select, and_, select

from hub_api.inbox.models import InboundMedia, InboundMessage
from hub_api.services import Services
from shared.errors import MediaStoreUnreachable, NotFound
from shared.media.store import StoreFailed

_TRY_AGAIN_S = 5


def media_with_type() -> Select[InboundMedia, str | None]:
    """Media, each with its message's type; None where the message is gone."""
    of_message = and_(
        InboundMessage.cliente_id == InboundMedia.cliente_id, InboundMessage.whatsapp_id == InboundMedia.whatsapp_id
    )
    return select(InboundMedia, InboundMessage.type).outerjoin(InboundMessage, of_message)


def of_message(services: Services, cliente_id: int, whatsapp_id: str) -> tuple[InboundMedia, str | None]:
    """One message's. Raises NotFound where there is no such message or it has no media."""
    statement = media_with_type().where(InboundMedia.cliente_id == cliente_id, InboundMedia.whatsapp_id == whatsapp_id)
    with services.database.reading() as session:
        row = session.execute(statement).first()
    if row is None:
        raise NotFound()
    media, kind = row
    return media, kind


def open_file(services: Services, cliente_id: int, sha256: str) -> BinaryIO:
    """To be closed by whoever asked. Raises FileNotFoundError, MediaStoreUnreachable."""
    try:
        return services.media.open(cliente_id, sha256)
    except StoreFailed as error:
        raise MediaStoreUnreachable(details={"store": str(error)}, retry_after_s=_TRY_AGAIN_S) from error
