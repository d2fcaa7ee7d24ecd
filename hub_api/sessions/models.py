"""The tables of sessions. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base


class WantedSession(Base):
    """A session to be kept running; Redis holds a mirror."""

    __tablename__ = "wanted_sessions"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    since: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(40))


class SessionEventRecord(Base):
    """One transition of a session, with its cause."""

    __tablename__ = "session_events"
    event_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer, index=True)
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[int] = mapped_column(BigInteger, index=True)
    data: Mapped[str] = mapped_column(Text)


class SessionStore(Base):
    """Which profile store holds a session's login; Redis holds a mirror."""

    __tablename__ = "session_stores"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    store_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[int] = mapped_column(BigInteger)  # of the event that told it


class OwedLogout(Base):
    """A phone that is to be unlinked at its session's next start; Redis holds a mirror."""

    __tablename__ = "owed_logouts"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    login_id: Mapped[str] = mapped_column(String(200))  # "" for whichever there is
    at: Mapped[int] = mapped_column(BigInteger)
