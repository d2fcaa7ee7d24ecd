"""Structured logs: JSON lines in production, coloured ones for a terminal."""

from __future__ import annotations

import logging
import sys

import structlog

Logger = structlog.stdlib.BoundLogger

# What every line of this process carries. Not context variables: those do not reach the threads a process starts.
_stamp: dict[str, object] = {}


def stamp(**fields: object) -> None:
    """Puts fields on every further line of this process, whatever thread writes it."""
    _stamp.update(fields)


def _put_stamp(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {**_stamp, **event}


def configure(part: str, level: str, fmt: str) -> None:
    """Sets up logging for one process. part: the process's role, on every line. fmt: `json` or `console`."""
    shared_steps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _put_stamp,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if fmt == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared_steps,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("asyncio", "amqp", "kombu", "urllib3", "tornado", "alembic", "httpx", "celery.redirected"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared_steps,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    _stamp.clear()
    stamp(part=part)


def get_logger(name: str) -> Logger:
    """A logger whose first argument is the event's name, the rest its fields."""
    return structlog.stdlib.get_logger(name)
