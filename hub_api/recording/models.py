"""The tables of recording. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base


class DrainState(Base):
    """How far the events stream was recorded; the master of the cursor in Redis."""

    __tablename__ = "drain_state"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    cursor: Mapped[str] = mapped_column(String(40))
    read_at: Mapped[int | None] = mapped_column(BigInteger)  # when the stream was last read to its end
    incarnation: Mapped[str | None] = mapped_column(String(32))  # of the Redis whose events these are


class UnrecordedEvent(Base):
    """An event that could not be recorded, so that one of them never stops the rest."""

    __tablename__ = "unrecorded_events"
    event_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, index=True)  # when it was set aside
    reason: Mapped[str] = mapped_column(String(200))
    fields: Mapped[str] = mapped_column(Text)  # JSON object, as it stood in the stream
