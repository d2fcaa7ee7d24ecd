"""The tables of bulk. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base


class Bulk(Base):
    """One bulk call: which messages it stood for."""

    __tablename__ = "bulks"
    bulk_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[int] = mapped_column(BigInteger, index=True)
    body_digest: Mapped[str] = mapped_column(String(64))
    message_ids: Mapped[str] = mapped_column(Text)  # JSON array, null where the entry was refused
