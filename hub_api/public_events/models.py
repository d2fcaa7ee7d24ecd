"""The tables of public events. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base, BigKey


class PublicEvent(Base):
    """An event as callers get it. Kept EVENTS_KEPT_HOURS; whoever needs it for longer keeps a copy of `body`."""

    __tablename__ = "public_events"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)  # see `numbers`
    cliente_id: Mapped[int] = mapped_column(Integer)
    type: Mapped[str] = mapped_column(String(40))  # of `PublicEventType`
    chat: Mapped[str] = mapped_column(String(200))  # what its order matters in; "" for what belongs to no chat
    at: Mapped[int] = mapped_column(BigInteger)  # when it happened
    body: Mapped[str] = mapped_column(Text)  # the whole envelope, as JSON

    __table_args__ = (Index("ix_public_events_tenant", "cliente_id", "id"),)


class PendingEvent(Base):
    """A change of SQL's alone, kept in the transaction that made it, until the drain gives it its number."""

    __tablename__ = "pending_public_events"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer)
    type: Mapped[str] = mapped_column(String(40))
    chat: Mapped[str] = mapped_column(String(200))
    at: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[str] = mapped_column(Text)  # JSON object
