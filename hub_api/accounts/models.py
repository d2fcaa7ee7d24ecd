"""The tables of accounts. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base, BigKey


class Tenant(Base):
    """A known tenant: created together with a user, a key, or by an admin's call."""

    __tablename__ = "tenants"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    created_at: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str | None] = mapped_column(String(120))
    # What is null is the installation's; `tenants/profiles.py` says what holds.
    country: Mapped[str | None] = mapped_column(String(2))
    timezone: Mapped[str | None] = mapped_column(String(64))
    daily_cap: Mapped[int | None] = mapped_column(Integer)
    language: Mapped[str | None] = mapped_column(String(2))
    suspended_at: Mapped[int | None] = mapped_column(BigInteger)
    allow_groups: Mapped[bool | None] = mapped_column(Boolean)


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


class EndedTokens(Base):
    """Tokens of one user that were issued before a moment and no longer count. Stays when the user is deleted: another
    user may get the same number."""

    __tablename__ = "ended_tokens"
    user_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    before_s: Mapped[int] = mapped_column(BigInteger)  # seconds since the epoch, as a token's `iat`
    kept: Mapped[str | None] = mapped_column(String(64))  # digest of the jti of the one that goes on


class RevokedToken(Base):
    """One token whose owner logged out, kept until it would have run out."""

    __tablename__ = "revoked_tokens"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # sha256 of its jti, hex
    until_s: Mapped[int] = mapped_column(BigInteger, index=True)


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
    prefix: Mapped[str | None] = mapped_column(String(16))  # by which a person knows it; none: an older one
    used_at: Mapped[int | None] = mapped_column(BigInteger)  # to a few minutes


class AuditEntry(Base):
    """Who changed what that is not a message, and from where."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(String(120))
    what: Mapped[str] = mapped_column(String(60))
    cliente_id: Mapped[int | None] = mapped_column(Integer, index=True)
    subject: Mapped[str | None] = mapped_column(String(64), index=True)  # the id of what was changed
    details: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(String(64))  # from where; none: not by a call
