"""The SQL tables: everything that lasts (DESIGN, two stores). Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_BigKey = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER

# The partial index of open messages serves only queries that say it in these words.
IS_OPEN = text("status IN ('queued', 'sending')")


class Base(DeclarativeBase):
    """All tables of the hub."""


class Tenant(Base):
    """A known tenant: created together with a user, a key, or by an admin's call."""

    __tablename__ = "tenants"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    created_at: Mapped[int] = mapped_column(BigInteger)


class User(Base):
    """A person who logs in."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    usuario: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    tipo: Mapped[str] = mapped_column(String(10))  # admin | cliente
    cliente_id: Mapped[int | None] = mapped_column(Integer, index=True)  # none: an admin of no tenant
    created_at: Mapped[int] = mapped_column(BigInteger)
    disabled_at: Mapped[int | None] = mapped_column(BigInteger)


class ApiKey(Base):
    """A program's key; only its digest is kept."""

    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)  # sha256, hex
    label: Mapped[str] = mapped_column(String(100))
    tipo: Mapped[str] = mapped_column(String(10))
    cliente_id: Mapped[int | None] = mapped_column(Integer, index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)


class QrAuthorization(Base):
    """Whether a tenant may pair a phone; none on record means allowed."""

    __tablename__ = "qr_authorizations"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    enabled: Mapped[bool] = mapped_column(Boolean)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    updated_by: Mapped[str] = mapped_column(String(120))


class WantedSession(Base):
    """A session to be kept running; Redis holds a mirror."""

    __tablename__ = "wanted_sessions"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    since: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(40))


class MessageRecord(Base):
    """A message's history as the events told it."""

    __tablename__ = "messages"
    message_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer)
    to_number: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
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
        Index("ix_messages_recipient", "cliente_id", "to_number"),
        Index("ix_messages_open", "accepted_at", "message_id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    )


class MessageEvent(Base):
    """One transition of a message."""

    __tablename__ = "message_events"
    event_id: Mapped[str] = mapped_column(String(40), primary_key=True)  # of the events stream
    message_id: Mapped[str] = mapped_column(String(64), index=True)
    cliente_id: Mapped[int] = mapped_column(Integer)
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[str] = mapped_column(Text)  # JSON object, without the message's text


class SessionEventRecord(Base):
    """One transition of a session, with its cause."""

    __tablename__ = "session_events"
    event_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer, index=True)
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[str] = mapped_column(Text)


class InboundMessage(Base):
    """A message that was received."""

    __tablename__ = "inbound_messages"
    id: Mapped[int] = mapped_column(_BigKey, primary_key=True)
    event_id: Mapped[str] = mapped_column(String(40))
    cliente_id: Mapped[int] = mapped_column(Integer)
    whatsapp_id: Mapped[str] = mapped_column(String(200))
    from_number: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ux_inbound_whatsapp", "cliente_id", "whatsapp_id", unique=True),
        Index("ix_inbound_tenant", "cliente_id", "at", "id"),
    )


class Bulk(Base):
    """One bulk call: which messages it stood for."""

    __tablename__ = "bulks"
    bulk_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[int] = mapped_column(BigInteger)
    body_digest: Mapped[str] = mapped_column(String(64))
    message_ids: Mapped[str] = mapped_column(Text)  # JSON array, null where the entry was refused


class DrainState(Base):
    """How far the events stream was recorded; the master of the cursor in Redis."""

    __tablename__ = "drain_state"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    cursor: Mapped[str] = mapped_column(String(40))
    read_at: Mapped[int | None] = mapped_column(BigInteger)  # when the stream was last read to its end


class UnrecordedEvent(Base):
    """An event that could not be recorded, so that one of them never stops the rest."""

    __tablename__ = "unrecorded_events"
    event_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)  # when it was set aside
    reason: Mapped[str] = mapped_column(String(200))
    fields: Mapped[str] = mapped_column(Text)  # JSON object, as it stood in the stream


class SessionStore(Base):
    """Which profile store holds a session's login; Redis holds a mirror."""

    __tablename__ = "session_stores"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    store_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[int] = mapped_column(BigInteger)  # of the event that told it


class AuditEntry(Base):
    """Who changed what that is not a message."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(_BigKey, primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(String(120))
    what: Mapped[str] = mapped_column(String(60))
    cliente_id: Mapped[int | None] = mapped_column(Integer, index=True)
    subject: Mapped[str | None] = mapped_column(String(64), index=True)  # the id of what was changed
    details: Mapped[str] = mapped_column(Text)
