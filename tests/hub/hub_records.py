"""What tests of messages put into the hub and find in its database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from hub_api.messages.models import MessageRecord
from hub_api.messages.service import SendRequest, send_text
from hub_api.services import Services
from shared.instant import now_ms


def accept(services: Services, to: str = "5491123456789", at: int | None = None, **fields: Any) -> str:
    """Accepts a message of tenant 51, whatever its session does; returns its id. at: milliseconds, else now."""
    request = SendRequest(to=to, text="hola", wake=True, **fields)
    return send_text(services, 51, request, at or now_ms()).message.message_id


def recorded(services: Services, message_id: str) -> MessageRecord:
    """A message's record. Raises AssertionError where there is none."""
    with services.database.reading() as session:
        row = session.get(MessageRecord, message_id)
    assert row is not None, f"no record of {message_id}"
    return row


def count(services: Services, table: Any) -> int:
    """How many rows a table has."""
    with services.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
