"""The tables of recipients. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base

# The partial index serves only queries that say it in these words.
IS_UNJOINED = text("joined = 0")


class RecipientAddress(Base):
    """An address that WhatsApp answered for a number, where the number's own key does not say it: mostly a LID."""

    __tablename__ = "recipient_addresses"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    address: Mapped[str] = mapped_column(String(100), primary_key=True)  # of `shared.recipient_key.address_of`
    number: Mapped[str] = mapped_column(String(20))  # canonical digits, as it was written to
    at: Mapped[int] = mapped_column(BigInteger)
    joined: Mapped[int] = mapped_column(SmallInteger, default=0)  # 1: what was kept under the address is the number's

    __table_args__ = (
        Index("ix_addresses_number", "cliente_id", "number"),
        Index("ix_addresses_unjoined", "cliente_id", sqlite_where=IS_UNJOINED, postgresql_where=IS_UNJOINED),
    )


class UnattributedOptOut(Base):
    """Somebody asked not to be written to, and nobody knows which number that is: for a person to look at."""

    __tablename__ = "unattributed_optouts"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    address: Mapped[str] = mapped_column(String(100), primary_key=True)
    whatsapp_id: Mapped[str] = mapped_column(String(200))  # of the message that asks
    at: Mapped[int] = mapped_column(BigInteger)
