"""The tables of inbox. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base, BigKey

_IS_ABOUT = text("about IS NOT NULL")
_IS_PENDING = text("status = 'pending'")


class InboundMessage(Base):
    """A message of a conversation that did not go out through us: received, or written by the owner on the phone."""

    __tablename__ = "inbound_messages"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    event_id: Mapped[str] = mapped_column(String(40))
    cliente_id: Mapped[int] = mapped_column(Integer)
    whatsapp_id: Mapped[str] = mapped_column(String(200))
    chat: Mapped[str] = mapped_column(String(100))  # the conversation, by `hub_api.recipients.chats`
    chat_id: Mapped[str] = mapped_column(String(100))  # as callers see it
    from_number: Mapped[str] = mapped_column(String(100))  # digits, or a LID of which no number is known
    author: Mapped[str | None] = mapped_column(String(100))  # in a group
    direction: Mapped[str] = mapped_column(String(3))  # `shared.protocol.inbound.Direction`
    type: Mapped[str] = mapped_column(String(12))  # `shared.protocol.inbound.InboundType`
    raw_type: Mapped[str | None] = mapped_column(String(60))
    push_name: Mapped[str | None] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)  # or the caption
    at: Mapped[int] = mapped_column(BigInteger)
    reply_to: Mapped[str | None] = mapped_column(String(200))
    about: Mapped[str | None] = mapped_column(String(200))  # the message that a reaction or a vote is put to
    parts: Mapped[str | None] = mapped_column(Text)  # JSON object of what its type has besides; see `parts.py`
    edited_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ux_inbound_whatsapp", "cliente_id", "whatsapp_id", unique=True),
        Index("ix_inbound_tenant", "cliente_id", "at", "id"),
        Index("ix_inbound_at", "at"),
        Index("ix_inbound_chat", "cliente_id", "chat", "at", "id"),
        Index("ix_inbound_sender", "cliente_id", "from_number", "at", "id"),
        Index("ix_inbound_type", "cliente_id", "type", "at", "id"),
        Index("ix_inbound_about", "cliente_id", "about", sqlite_where=_IS_ABOUT, postgresql_where=_IS_ABOUT),
    )


class InboundMedia(Base):
    """The bytes of a message: where WhatsApp has them, what became of them, and by which name they are stored."""

    __tablename__ = "inbound_media"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer)
    whatsapp_id: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(Text)  # JSON of `MediaSource`, with the secret that opens them; "" once unknown
    status: Mapped[str] = mapped_column(String(10))  # `shared.protocol.inbound.MediaStatus`
    mime_type: Mapped[str] = mapped_column(String(100))
    file_name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int | None] = mapped_column(BigInteger)  # bytes; as the sender claims until they are stored
    sha256: Mapped[str | None] = mapped_column(String(64))  # hex digits
    error: Mapped[str | None] = mapped_column(String(60))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    stored_at: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)  # of the message

    __table_args__ = (
        Index("ux_inbound_media", "cliente_id", "whatsapp_id", unique=True),
        Index("ix_inbound_media_sha256", "sha256"),
        Index("ix_inbound_media_at", "at"),
        Index("ix_inbound_media_pending", "cliente_id", sqlite_where=_IS_PENDING, postgresql_where=_IS_PENDING),
    )


class InboundCount(Base):
    """How many events of received messages were taken in: counted apart from the rows, which retention shortens."""

    __tablename__ = "inbound_counts"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    recorded: Mapped[int] = mapped_column(BigInteger, default=0)
    repeated: Mapped[int] = mapped_column(BigInteger, default=0)  # told again by a Redis that forgot them, or is older
