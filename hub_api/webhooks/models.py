"""The tables of webhooks. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base, BigKey

IS_WAITING = text("status = 'waiting'")  # the partial indexes serve only queries that say it in these words
HAS_FAILED = text("status = 'failed'")


class WebhookEndpoint(Base):
    """An address to which a tenant has its events posted."""

    __tablename__ = "webhook_endpoints"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    webhook_id: Mapped[str] = mapped_column(String(26), unique=True)  # a ULID, as callers know it
    cliente_id: Mapped[int] = mapped_column(Integer, index=True)
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[str | None] = mapped_column(Text)  # JSON array of types; none: all of them
    headers: Mapped[str] = mapped_column(Text, default="{}")  # JSON object of strings
    active: Mapped[bool] = mapped_column(Boolean)
    secret: Mapped[str] = mapped_column(String(100))  # whsec_…; as it is: it must sign. Shown once, in no log
    previous_secret: Mapped[str | None] = mapped_column(String(100))
    previous_until: Mapped[int | None] = mapped_column(BigInteger)  # until then both sign
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    disabled_at: Mapped[int | None] = mapped_column(BigInteger)
    disabled_reason: Mapped[str | None] = mapped_column(String(20))  # of `delivery.health.Disabled`
    failing_since: Mapped[int | None] = mapped_column(BigInteger)  # no attempt succeeded since
    slow: Mapped[bool] = mapped_column(Boolean, default=False)  # its latest answers took long


class WebhookLane(Base):
    """One of the lanes of an endpoint. All deliveries of a chat go by one lane, and one worker has a lane at a time."""

    __tablename__ = "webhook_lanes"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    endpoint: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    cliente_id: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[int | None] = mapped_column(BigInteger)  # when somebody is to look at it; none: nothing waits
    taken_by: Mapped[str | None] = mapped_column(String(32))
    taken_until: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (
        Index("ux_webhook_lanes", "endpoint", "number", unique=True),
        Index("ix_webhook_lanes_due", "next_at"),
        Index("ix_webhook_lanes_taken", "taken_until"),
    )


class WebhookDelivery(Base):
    """One event for one endpoint. Those that wait in a chat of an endpoint are due in the order of their numbers."""

    __tablename__ = "webhook_deliveries"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    delivery_id: Mapped[str] = mapped_column(String(40))  # the event's id, and the header `webhook-id` of each attempt
    endpoint: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id"))
    lane: Mapped[int] = mapped_column(ForeignKey("webhook_lanes.id"))
    cliente_id: Mapped[int] = mapped_column(Integer)
    type: Mapped[str] = mapped_column(String(40))
    chat: Mapped[str] = mapped_column(String(200))  # what is kept in order: a chat, a session, a campaign
    body: Mapped[str] = mapped_column(Text)  # JSON, as it is posted
    status: Mapped[str] = mapped_column(String(10))  # waiting | delivered | failed
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)  # since it was last put into the queue
    tried: Mapped[int] = mapped_column(Integer, default=0)  # attempts in all
    next_at: Mapped[int | None] = mapped_column(BigInteger)  # none: it does not wait
    error: Mapped[str | None] = mapped_column(String(40))  # of the latest attempt
    created_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_webhook_due", "lane", "next_at", "id", sqlite_where=IS_WAITING, postgresql_where=IS_WAITING),
        Index("ix_webhook_chat", "endpoint", "chat", "id", sqlite_where=IS_WAITING, postgresql_where=IS_WAITING),
        Index("ux_webhook_deliveries", "endpoint", "delivery_id", unique=True),
        Index("ix_webhook_log", "endpoint", "id"),
        Index("ix_webhook_ended", "ended_at"),
        Index("ix_webhook_failed", "ended_at", sqlite_where=HAS_FAILED, postgresql_where=HAS_FAILED),
    )


class WebhookAttempt(Base):
    """One post, and what came of it."""

    __tablename__ = "webhook_attempts"
    delivery: Mapped[int] = mapped_column(ForeignKey("webhook_deliveries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # from 1
    at: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[int | None] = mapped_column(SmallInteger)  # HTTP status; none: there was no answer
    error: Mapped[str | None] = mapped_column(String(40))
    duration_ms: Mapped[int] = mapped_column(Integer)
    answer: Mapped[str] = mapped_column(Text)  # how it begins
