"""The table of acts. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base

# The partial index of acts without an outcome serves only queries that say it in these words.
IS_OPEN = text("status = 'asked'")


class MessageAct(Base):
    """What was asked to be done to a message, and what came of it."""

    __tablename__ = "message_acts"
    act_id: Mapped[str] = mapped_column(String(64), primary_key=True)  # sortable by when it was asked
    cliente_id: Mapped[int] = mapped_column(Integer)
    message: Mapped[str] = mapped_column(String(200))  # our id where it is one of ours, else WhatsApp's key
    whatsapp_id: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(12))
    emoji: Mapped[str] = mapped_column(String(64))  # of a reaction
    status: Mapped[str] = mapped_column(String(12))  # `asked` until its outcome is known
    error: Mapped[str | None] = mapped_column(String(60))
    asked_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_message_acts_message", "cliente_id", "message"),
        Index("ix_message_acts_asked", "asked_at"),
        Index("ix_message_acts_open", "asked_at", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    )
