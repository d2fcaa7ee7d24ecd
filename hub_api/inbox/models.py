"""The tables of inbox. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base, BigKey


class InboundMessage(Base):
    """A message that was received."""

    __tablename__ = "inbound_messages"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    event_id: Mapped[str] = mapped_column(String(40))
    cliente_id: Mapped[int] = mapped_column(Integer)
    whatsapp_id: Mapped[str] = mapped_column(String(200))
    from_number: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ux_inbound_whatsapp", "cliente_id", "whatsapp_id", unique=True),
        Index("ix_inbound_tenant", "cliente_id", "at", "id"),
        Index("ix_inbound_at", "at"),
    )
