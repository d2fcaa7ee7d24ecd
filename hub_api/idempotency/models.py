"""The table of idempotency keys. Times are whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from hub_api.database import Base


class IdempotencyKey(Base):
    """A key that a message was accepted by; Redis holds it as well."""

    __tablename__ = "idempotency_keys"
    cliente_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_digest: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[int] = mapped_column(BigInteger, index=True)  # when the message was accepted
