"""The tables of chats. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base, BigKey


class Conversation(Base):
    """A chat with a person or a group, with its last message and how many wait to be read."""

    __tablename__ = "conversations"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer)
    chat: Mapped[str] = mapped_column(String(100))  # by `hub_api.recipients.chats`
    chat_id: Mapped[str] = mapped_column(String(100))  # as callers see it
    told_as: Mapped[str | None] = mapped_column(String(100))  # its id at WhatsApp, as its latest message told it
    number: Mapped[str | None] = mapped_column(String(20))  # digits; of a person whose number is known
    name: Mapped[str | None] = mapped_column(String(100))  # what the person calls himself; of a group, its name
    last_at: Mapped[int] = mapped_column(BigInteger)
    last_inbound: Mapped[int | None] = mapped_column(BigInteger)  # the last message, of `inbound_messages`
    last_message_id: Mapped[str | None] = mapped_column(String(64))  # … or of `messages`
    received_at: Mapped[int] = mapped_column(BigInteger, default=0)  # the latest that can be unread; 0 for none
    read_until: Mapped[int] = mapped_column(BigInteger, default=0)  # what was written up to here counts as read
    unread: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (
        Index("ux_conversations", "cliente_id", "chat", unique=True),
        Index("ix_conversations_last", "cliente_id", "last_at", "id"),
        Index("ix_conversations_last_at", "last_at"),
    )


@dataclass(slots=True)
class ConversationRow:
    """A row of `conversations` as plain values, with its columns."""

    id: int | None  # None for one that is not there yet
    cliente_id: int
    chat: str
    chat_id: str
    told_as: str | None
    number: str | None
    name: str | None
    last_at: int
    last_inbound: int | None
    last_message_id: str | None
    received_at: int
    read_until: int
    unread: int
