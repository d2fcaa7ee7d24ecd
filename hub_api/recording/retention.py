"""Forgets by age what is settled: messages, their history, what was received, sessions' transitions."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from hub_api.bulk.models import Bulk
from hub_api.database import Database
from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import MessageEvent, MessageRecord
from hub_api.recording.models import UnrecordedEvent
from hub_api.sessions.models import SessionEventRecord
from shared.transitions.message import OPEN_STATUSES, MessageStatus
from shared.logs import get_logger

_log = get_logger(__name__)

BATCH = 500
_DAY_MS = 86_400_000
_BUDGET_S = 30.0
# What still waits for something; an uncertain message for a person.
_KEPT = tuple(status.value for status in (*OPEN_STATUSES, MessageStatus.UNCERTAIN))


class Retention:
    """Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, database: Database, days: int) -> None:
        """days: how long settled things are kept; 0: for ever."""
        self._database = database
        self._days = days

    def run(self, now_ms: int) -> dict[str, int]:
        """Deletes in batches, for half a minute at most; the next run goes on. Returns how many rows of each table."""
        if self._days == 0:
            return {}
        before = now_ms - self._days * _DAY_MS
        deadline = time.monotonic() + _BUDGET_S
        event = MessageEvent
        of_no_message = ~select(MessageRecord.message_id).where(MessageRecord.message_id == event.message_id).exists()
        done = {"messages": self._forget_messages(before, deadline)}
        old: tuple[tuple[str, Any, ColumnElement[bool]], ...] = (
            ("message_events", event.event_id, (event.at < before) & of_no_message),
            ("session_events", SessionEventRecord.event_id, SessionEventRecord.at < before),
            ("inbound_messages", InboundMessage.id, InboundMessage.at < before),
            ("bulks", Bulk.bulk_id, Bulk.created_at < before),
            ("unrecorded_events", UnrecordedEvent.event_id, UnrecordedEvent.at < before),
        )
        for name, key, is_old in old:
            done[name] = self._forget(key, is_old, deadline)
        if any(done.values()):
            _log.info("forgotten", **done)
        return done

    def _forget_messages(self, before: int, deadline: float) -> int:
        """Messages together with their history."""
        record, total = MessageRecord, 0
        old = select(record.message_id).where(record.accepted_at < before, record.status.not_in(_KEPT)).limit(BATCH)
        while time.monotonic() < deadline:
            with self._database.writing() as session:
                ids = list(session.scalars(old))
                session.execute(delete(MessageEvent).where(MessageEvent.message_id.in_(ids)))
                session.execute(delete(record).where(record.message_id.in_(ids)))
            total += len(ids)
            if len(ids) < BATCH:
                break
        return total

    def _forget(self, key: Any, is_old: ColumnElement[bool], deadline: float) -> int:
        total = 0
        while time.monotonic() < deadline:
            with self._database.writing() as session:
                ids: list[Any] = list(session.scalars(select(key).where(is_old).limit(BATCH)))
                session.execute(delete(key.class_).where(key.in_(ids)))
            total += len(ids)
            if len(ids) < BATCH:
                break
        return total
