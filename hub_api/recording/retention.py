"""Forgets by age what the subjects say may be forgotten."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from hub_api.database import Database
from hub_api.registry import Expiring
from hub_api.services import Services
from hub_api.subjects import subjects
from shared.logs import get_logger

_log = get_logger(__name__)

BATCH = 500
_DAY_MS = 86_400_000
_BUDGET_S = 30.0


class Retention:
    """Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, database: Database, days: int, expiring: Sequence[Expiring]) -> None:
        """days: how long what is final is kept; 0: for ever."""
        self._database = database
        self._days = days
        self._expiring = expiring

    def run(self, now_ms: int) -> dict[str, int]:
        """Deletes in batches, for half a minute at most; the next run goes on. Returns how many rows of each table."""
        if self._days == 0:
            return {}
        before = now_ms - self._days * _DAY_MS
        deadline = time.monotonic() + _BUDGET_S
        done = {rows.name: self._forget(rows, before, deadline) for rows in self._expiring}
        if any(done.values()):
            _log.info("retention.forgotten", **done)
        return done

    def _forget(self, rows: Expiring, before: int, deadline: float) -> int:
        old, total = select(rows.key).where(rows.is_old(before)).limit(BATCH), 0
        while time.monotonic() < deadline:
            with self._database.writing() as session:
                ids: list[Any] = list(session.scalars(old))
                for column in (*rows.together, rows.key):
                    session.execute(delete(column.class_).where(column.in_(ids)))
            total += len(ids)
            if len(ids) < BATCH:
                break
        return total


def make_retention(services: Services) -> Retention:
    """Retention of what all subjects let expire."""
    expiring = [rows for subject in subjects() for rows in subject.expiring]
    return Retention(services.database, services.settings.retention_days, expiring)
