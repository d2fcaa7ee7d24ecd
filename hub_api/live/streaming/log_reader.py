"""Reads of the log beside the loop: in threads of their own, a few at once however many streams there are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from hub_api.database import Database
from hub_api.public_events import log
from hub_api.public_events.log import Entry, Wanted

Found = TypeVar("Found")


class LogReader:
    """The port of `feed.Log` on SQL. Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, database: Database, pool: Executor) -> None:
        """pool: whose threads read."""
        self._database = database
        self._pool = pool

    def after(self, number: int, wanted: Wanted, limit: int) -> Awaitable[list[Entry]]:
        """The wanted events that follow a number."""
        return self._read(partial(log.after, self._database, number, wanted, limit))

    def newest(self) -> Awaitable[int]:
        """The highest number."""
        return self._read(partial(log.newest, self._database))

    def _read(self, look: Callable[[], Found]) -> Awaitable[Found]:
        return asyncio.get_running_loop().run_in_executor(self._pool, look)
