"""Received messages' media as SQL has them."""

from __future__ import annotations

from sqlalchemy import Select, and_, select

from hub_api.inbox.models import InboundMedia, InboundMessage
from hub_api.services import Services
from shared.errors import NotFound


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
