"""The log line that each command leaves, written cheaply: sends leave thousands a second.

In production it is JSON made here and written in one piece, past `logging` and its chain of steps; on a terminal it
goes the usual way. It has the fields and the form of every other line.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import redis
from flask import Response, g
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from hub_api.principal import Principal
from shared.errors import LeadMasterError
from shared.logs import get_logger

_log = get_logger(__name__)
_STDERR = 2

Write = Callable[[bytes], object]


class Named(Protocol):
    """What the line says of a call, as far as it is known when the call ends."""

    caller: Principal
    cliente_id: int | str


NamedCall = TypeVar("NamedCall", bound=Named)


class CommandLog:
    """One per process."""

    def __init__(self, fmt: str, level: str, write: Write | None = None) -> None:
        """fmt: `json` or `console`. level: of LOG_LEVEL. write: takes one line; else it goes to stderr."""
        self._silent = level in ("warning", "error")
        self._json = fmt == "json"
        self._write: Write = write or _to_stderr

    def around(self, what: str, call: NamedCall, handle: Callable[[NamedCall], Response]) -> Response:
        """Handles the call and leaves its line, however it ends. A view that learns who calls says it in `g.who`."""
        started, outcome = time.perf_counter(), "INTERNAL_ERROR"
        try:
            answer = handle(call)
            outcome = "ok" if answer.status_code < 400 else str(answer.status_code)
            return answer
        except LeadMasterError as error:
            outcome = error.code
            raise
        except HTTPException as error:
            outcome = str(error.code)
            raise
        except (redis.RedisError, SQLAlchemyError) as error:
            outcome = type(error).__name__
            raise
        finally:
            ms = round((time.perf_counter() - started) * 1000, 1)
            self.tell(what, g.get("who", call.caller.name), call.cliente_id, outcome, ms)

    def tell(self, what: str, who: str, cliente_id: int | str, outcome: str, ms: float) -> None:
        """One command: who did what for which tenant, how it ended, how long it took."""
        if self._silent:
            return
        if not self._json:
            _log.info("command.done", what=what, who=who, cliente_id=cliente_id, outcome=outcome, ms=ms)
            return
        line = {
            "what": what,
            "who": who,
            "cliente_id": cliente_id,
            "outcome": outcome,
            "ms": ms,
            "event": "command.done",
            "part": "hub",
            "level": "info",
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        }
        self._write((json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace"))


def _to_stderr(line: bytes) -> None:
    """As `logging` does: a line that can't be written, e.g. to a full disk, is lost; the command is not."""
    with contextlib.suppress(OSError):
        os.write(_STDERR, line)
