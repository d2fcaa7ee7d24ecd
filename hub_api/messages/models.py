"""The tables of messages. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Index, Integer, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base, BigKey

# The partial index of open messages serves only queries that say it in these words.
IS_OPEN = text("status IN ('queued', 'sending')")
# The same of those that wait for nobody: an uncertain message waits for a person.
_HAS_KEY = text("whatsapp_id IS NOT NULL")
_NAMES_A_FILE = text("media_sha256 IS NOT NULL")
HAS_ENDED = text("status NOT IN ('queued', 'sending', 'uncertain')")


class MessageRecord(Base):
    """A message's history as the events told it."""

    __tablename__ = "messages"
    message_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer)
    to_number: Mapped[str] = mapped_column(String(64))  # or a group's id
    text: Mapped[str] = mapped_column(Text)  # or the caption
    content: Mapped[str | None] = mapped_column(Text)  # JSON of `Content`; null: a text and nothing beside it
    media_sha256: Mapped[str | None] = mapped_column(String(64))  # the file that the content names …
    media_size: Mapped[int | None] = mapped_column(BigInteger)  # … and its bytes
    status: Mapped[str] = mapped_column(String(12))
    lane: Mapped[int] = mapped_column(Integer)
    whatsapp_id: Mapped[str | None] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(Integer)
    campaign_id: Mapped[str | None] = mapped_column(String(64), index=True)
    bulk_id: Mapped[str | None] = mapped_column(String(64), index=True)
    accepted_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    sent_at: Mapped[int | None] = mapped_column(BigInteger)
    delivered_at: Mapped[int | None] = mapped_column(BigInteger)
    read_at: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(String(60))

    __table_args__ = (
        Index("ix_messages_tenant", "cliente_id", "accepted_at", "message_id"),
        Index("ix_messages_key", "cliente_id", "whatsapp_id", sqlite_where=_HAS_KEY, postgresql_where=_HAS_KEY),
        Index("ix_messages_open", "accepted_at", "message_id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        Index("ix_messages_ended", "accepted_at", sqlite_where=HAS_ENDED, postgresql_where=HAS_ENDED),
        Index(
            "ix_messages_media",
            "cliente_id",
            "media_sha256",
            sqlite_where=_NAMES_A_FILE,
            postgresql_where=_NAMES_A_FILE,
        ),
    )


# When it left, or was to leave: its place in its conversation.
SHOWN_AT = func.coalesce(MessageRecord.sent_at, MessageRecord.accepted_at)
Index("ix_messages_chat", MessageRecord.cliente_id, MessageRecord.to_number, SHOWN_AT, MessageRecord.message_id)


@dataclass(slots=True)
class MessageRow:
    """A row of `messages`, whose columns it has; see `MessageRecord`."""

    message_id: str
    cliente_id: int
    to_number: str
    text: str
    status: str
    lane: int
    attempts: int
    accepted_at: int
    expires_at: int
    content: str | None = None
    media_sha256: str | None = None
    media_size: int | None = None
    whatsapp_id: str | None = None
    campaign_id: str | None = None
    bulk_id: str | None = None
    sent_at: int | None = None
    delivered_at: int | None = None
    read_at: int | None = None
    error: str | None = None


class MessageEvent(Base):
    """One transition of a message."""

    __tablename__ = "message_events"
    event_id: Mapped[str] = mapped_column(String(40), primary_key=True)  # of the events stream
    message_id: Mapped[str] = mapped_column(String(64), index=True)
    cliente_id: Mapped[int] = mapped_column(Integer)
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[str] = mapped_column(Text)  # JSON object, without the message's text


class MessageChange(Base):
    """What became of a message that is not among those received: one of ours, or one that comes later.

    Nothing of it is written over: the message keeps the text that it was sent with.
    """

    __tablename__ = "message_changes"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer)
    whatsapp_id: Mapped[str] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)  # that it was given; None where it was not edited
    edited_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)  # of the latest

    __table_args__ = (
        Index("ux_message_changes", "cliente_id", "whatsapp_id", unique=True),
        Index("ix_message_changes_at", "at"),
    )
