"""The table of files that callers gave us to send. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base


class Upload(Base):
    """One file as a caller gave it; several may have the same bytes, which lie in the store once."""

    __tablename__ = "media_files"
    media_id: Mapped[str] = mapped_column(String(26), primary_key=True)  # a ULID, as callers know it
    cliente_id: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))  # hex digits: the file's name in the tenant's part of the store
    mime_type: Mapped[str] = mapped_column(String(100))  # by its content
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    file_name: Mapped[str] = mapped_column(String(255))  # as the recipient is to see it; "" where none was given
    width: Mapped[int | None] = mapped_column(Integer)  # pixels, of a picture
    height: Mapped[int | None] = mapped_column(Integer)
    channels: Mapped[int | None] = mapped_column(Integer)  # of Opus in Ogg
    created_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int] = mapped_column(BigInteger)  # when a message last took it, to the hour; else when it came

    __table_args__ = (
        Index("ix_media_files_sha256", "cliente_id", "sha256"),
        Index("ix_media_files_used", "used_at"),
    )
