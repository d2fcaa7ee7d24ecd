"""Forgets by age what the subjects say may be forgotten."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, select

from hub_api.database import Database
from hub_api.registry import Expiring
from hub_api.services import Services
from hub_api.subjects import subjects
from shared.logs import get_logger
from shared.redis.alone import is_alone

_log = get_logger(__name__)

BATCH = 500  # rows that one look finds
CHUNK = 100  # of them that go in one transaction, while which nobody else may write to SQLite
_DAY_MS = 86_400_000
_BUDGET_S = 30.0
_MAX_PAUSE_S = 0.5


class Retention:
    """Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, database: Database, days: int, expiring: Sequence[Expiring]) -> None:
        """days: how long what is final is kept; 0: for ever."""
        self._database = database
        self._days = days
        self._expiring = expiring

    def run(self, now_ms: int) -> dict[str, int]:
        """Deletes for half a minute at most; the next run goes on. Returns how many rows of each table."""
        if self._days == 0:
            return {}
        before = now_ms - self._days * _DAY_MS
        deadline = time.monotonic() + _BUDGET_S
        done = {rows.name: self._forget(rows, before, deadline) for rows in self._expiring}
        if any(done.values()):
            _log.info("retention.forgotten", **done)
        return done

    def _forget(self, rows: Expiring, before: int, deadline: float) -> int:
        total = 0
        while time.monotonic() < deadline and is_alone():
            with self._database.reading() as session:
                found = list(session.scalars(old_rows(rows, before)))
            for first in range(0, len(found), CHUNK):
                total += self._delete(rows, before, found[first : first + CHUNK])
            if len(found) < BATCH:
                break
        return total

    def _delete(self, rows: Expiring, before: int, found: Sequence[Any]) -> int:
        """Those that are still old, in one transaction; then others get as long a turn."""
        began = time.monotonic()
        with self._database.writing() as session:
            ids: list[Any] = list(session.scalars(select(rows.key).where(rows.key.in_(found), rows.is_old(before))))
            for column in (*rows.together, rows.key):
                session.execute(delete(column.class_).where(column.in_(ids)))
        time.sleep(min(time.monotonic() - began, _MAX_PAUSE_S))
        return len(ids)


def old_rows(rows: Expiring, before: int) -> Select[Any]:
    """Finds the next ones; each table has an index that this search goes by."""
    return select(rows.key).where(rows.is_old(before)).limit(BATCH)


def make_retention(services: Services) -> Retention:
    """Retention of what all subjects let expire."""
    expiring = [rows for subject in subjects() for rows in subject.expiring]
    return Retention(services.database, services.settings.retention_days, expiring)
