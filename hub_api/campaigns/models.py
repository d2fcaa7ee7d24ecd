"""The tables of campaigns. Times are milliseconds since the epoch, UTC; a local day is a number such as 20261120."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base, BigKey

ALL_TENANTS = 0  # the row of CampaignTenant that holds for the whole installation


class CampaignTenant(Base):
    """What holds for all campaigns of a tenant."""

    __tablename__ = "campaign_tenants"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    keywords: Mapped[str | None] = mapped_column(Text)  # JSON array; none: the default ones
    answer: Mapped[str | None] = mapped_column(Text)  # to who asked to be left alone
    switched_on: Mapped[bool | None] = mapped_column(Boolean)  # none: as the settings say
    outcomes: Mapped[str] = mapped_column(
        String(60), default=""
    )  # of the last campaign messages, see planning/guard.py
    held_code: Mapped[str | None] = mapped_column(String(40))  # why the guard holds campaigns
    held_at: Mapped[int | None] = mapped_column(BigInteger)


class ScheduleRecord(Base):
    """A programación."""

    __tablename__ = "schedules"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    schedule_id: Mapped[str] = mapped_column(String(26), unique=True)  # as callers know it
    cliente_id: Mapped[int] = mapped_column(Integer, index=True)
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12))
    weekdays: Mapped[str] = mapped_column(String(7))  # digits, 0 is Monday
    start_minute: Mapped[int] = mapped_column(SmallInteger)
    end_minute: Mapped[int] = mapped_column(SmallInteger)
    first_day: Mapped[str | None] = mapped_column(String(10))
    last_day: Mapped[str | None] = mapped_column(String(10))
    daily_quota: Mapped[int | None] = mapped_column(Integer)
    delay_min_ms: Mapped[int] = mapped_column(Integer)
    delay_max_ms: Mapped[int] = mapped_column(Integer)
    warmup_first: Mapped[int | None] = mapped_column(Integer)
    warmup_step: Mapped[int | None] = mapped_column(Integer)
    warmup_since: Mapped[str | None] = mapped_column(String(10))
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class ScheduleComment(Base):
    """What tenant and admin wrote beside a schedule."""

    __tablename__ = "schedule_comments"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    schedule: Mapped[int] = mapped_column(ForeignKey("schedules.id"), index=True)
    at: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)


class CampaignRecord(Base):
    """One campaign."""

    __tablename__ = "campaigns"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(26), unique=True)  # a ULID, as callers know it
    cliente_id: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(120))
    templates: Mapped[str] = mapped_column(Text)  # JSON array of variants
    columns: Mapped[str] = mapped_column(Text)  # JSON array: variables beyond number and name
    content: Mapped[str | None] = mapped_column(Text)  # JSON of `Content`: the file whose caption the templates are …
    media_sha256: Mapped[str | None] = mapped_column(String(64))  # … and that file
    media_size: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(12), index=True)
    reason: Mapped[str | None] = mapped_column(String(40))  # why it was paused; the guard's code, or "person"
    schedule: Mapped[int | None] = mapped_column(ForeignKey("schedules.id"), index=True)
    to_revoke: Mapped[bool] = mapped_column("take_back", Boolean, default=False, index=True)  # what it released
    import_done: Mapped[int] = mapped_column(Integer, default=0)
    import_total: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[int | None] = mapped_column(BigInteger)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)
    released_at: Mapped[int] = mapped_column(BigInteger, default=0)  # its latest; whose turn it is in its tenant
    released_recipient: Mapped[int | None] = mapped_column(BigInteger)  # … for whom, and in which turn: until the
    released_turn: Mapped[int | None] = mapped_column(SmallInteger)  # message's event is recorded, nobody else knows
    next_position: Mapped[int] = mapped_column(Integer, default=1)  # of the recipient that comes in next
    counted_at: Mapped[int] = mapped_column(BigInteger, default=0)  # when its counts were last looked at

    __table_args__ = (
        Index("ix_campaigns_tenant", "cliente_id", "id"),
        Index("ix_campaigns_counted", "counted_at", "id"),
    )


class CampaignCount(Base):
    """How many recipients of a campaign are in a state with a code; see `counting`."""

    __tablename__ = "campaign_counts"
    campaign: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    of_state: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    of_code: Mapped[str] = mapped_column(String(60), primary_key=True)  # "" for none
    recipients: Mapped[int] = mapped_column(Integer)


class RecipientRecord(Base):
    """One recipient of a campaign."""

    __tablename__ = "campaign_recipients"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    campaign: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    position: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(String(20))
    # Of its phone, whatever form the number has; none where another recipient of this campaign has the same.
    recipient_key: Mapped[str | None] = mapped_column(String(20))
    values: Mapped[str] = mapped_column(Text)  # JSON object of strings
    state: Mapped[int] = mapped_column(SmallInteger, default=0)
    turn: Mapped[int] = mapped_column(SmallInteger, default=0)  # grows each time it goes back to pending
    message_id: Mapped[str | None] = mapped_column(String(26))
    error: Mapped[str | None] = mapped_column(String(60))
    released_at: Mapped[int | None] = mapped_column(BigInteger)
    released_day: Mapped[int | None] = mapped_column(Integer)  # the local day it counts for; none once revoked
    sent_at: Mapped[int | None] = mapped_column(BigInteger)
    delivered_at: Mapped[int | None] = mapped_column(BigInteger)
    read_at: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_recipients_next", "campaign", "state", "position"),
        Index("ux_recipients_key", "campaign", "recipient_key", unique=True),
        Index("ix_recipients_message", "message_id"),
    )


class CampaignImport(Base):
    """A list of recipients on its way into a campaign."""

    __tablename__ = "campaign_imports"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    import_id: Mapped[str] = mapped_column(String(26), unique=True)  # a ULID, as callers know it
    campaign: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    cliente_id: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(12), index=True)
    kind: Mapped[str] = mapped_column(String(8))  # csv | objects
    keys: Mapped[str | None] = mapped_column(Text)  # JSON object: of objects, which key is which column
    columns: Mapped[str] = mapped_column(Text)  # JSON array: beyond number and name
    total: Mapped[int] = mapped_column(Integer, default=0)  # rows, as its lines tell
    rows: Mapped[int] = mapped_column(Integer, default=0)  # looked at; the next step begins here
    added: Mapped[int] = mapped_column(Integer, default=0)
    known: Mapped[int] = mapped_column(Integer, default=0)
    merged: Mapped[int] = mapped_column(Integer, default=0)
    rejected: Mapped[int] = mapped_column(Integer, default=0)
    first_position: Mapped[int | None] = mapped_column(Integer)  # of what it adds
    error: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)  # since a step was done
    taken_until: Mapped[int] = mapped_column(BigInteger, default=0)  # until then nobody else goes on with it
    created_at: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger, index=True)

    __table_args__ = (Index("ix_campaign_imports_campaign", "campaign", "id"),)


class ImportPiece(Base):
    """A part of an import's text, until the import ends: hub and background worker may be on different machines."""

    __tablename__ = "campaign_import_pieces"
    of_import: Mapped[int] = mapped_column(ForeignKey("campaign_imports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class RefusedRow(Base):
    """A row that an import refused, and why."""

    __tablename__ = "campaign_import_refused"
    of_import: Mapped[int] = mapped_column(ForeignKey("campaign_imports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # from 1
    line: Mapped[int] = mapped_column(Integer)
    column: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(200))


class OptOut(Base):
    """A recipient that asked a tenant not to write to it; Redis mirrors the keys."""

    __tablename__ = "optouts"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    recipient_key: Mapped[str] = mapped_column(String(100), primary_key=True)
    number: Mapped[str] = mapped_column(String(100))  # in the form in which it was given
    at: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(20))  # keyword | person
    who: Mapped[str] = mapped_column(String(120))
    note: Mapped[str | None] = mapped_column(String(200))
    answer_to: Mapped[str | None] = mapped_column(String(200), index=True)  # the inbound message still to be answered


class NotOnWhatsApp(Base):
    """A recipient that WhatsApp did not know, under no form of its number, when it was last tried."""

    __tablename__ = "not_on_whatsapp"
    recipient_key: Mapped[str] = mapped_column(String(20), primary_key=True)
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger)
