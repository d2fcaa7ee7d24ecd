"""The application's edge: every failure leaves in the one shape that callers know."""

from __future__ import annotations

import redis
from flask import Flask, Response, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from hub_api.web.answers import failure_fields, plain
from hub_api.web.endpoint import language_in_force
from shared.errors import LeadMasterError, QueueFull, SessionManagerUnreachable
from shared.logs import get_logger
from shared.redis.client import REDIS_DOWN, unreachable
from shared.texts import error_text

_log = get_logger(__name__)

_BY_HTTP = {
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
}


def register(app: Flask) -> None:
    """Installs the handlers."""
    app.register_error_handler(LeadMasterError, failed)
    app.register_error_handler(redis.RedisError, _redis_failed)
    app.register_error_handler(SQLAlchemyError, _database_failed)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _unexpected)


def failed(error: LeadMasterError) -> Response:
    """A known failure."""
    text = error.message or error_text(error.text or error.code, language_in_force())
    answer = _answer(error.code, error.http, text, error.details)
    if error.retry_after_s is not None:
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def _redis_failed(error: redis.RedisError) -> Response:
    if isinstance(error, REDIS_DOWN):
        _log.warning("redis.unreachable", reason=type(error).__name__)
        return failed(unreachable(error))
    if isinstance(error, redis.exceptions.OutOfMemoryError):
        return failed(QueueFull(details={"memory": "full"}, retry_after_s=30))
    return _unexpected(error)


def _database_failed(error: SQLAlchemyError) -> Response:
    away = isinstance(error, DBAPIError) and error.connection_invalidated
    if not away and not isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        return _unexpected(error)
    _log.error("database.unreachable", reason=type(error).__name__)
    text = error_text("DATABASE_UNREACHABLE", language_in_force())
    return failed(SessionManagerUnreachable(text, details={"database": type(error).__name__}, retry_after_s=5))


def _refused(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:  # a redirect to the same path with a slash
        return Response(error.get_response().data, error.code, error.get_headers())
    status = error.code or 500
    code = _BY_HTTP.get(status, "VALIDATION_ERROR" if status < 500 else "INTERNAL_ERROR")
    answer = _answer(code, status, None, None)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> Response:
    _log.error("request.failed", path=request.url_rule.rule if request.url_rule else None, exc_info=error)
    return _answer("INTERNAL_ERROR", 500, None, None)


def _answer(code: str, status: int, message: str | None, details: dict[str, object] | None) -> Response:
    text = message or error_text(code, language_in_force())
    fields = failure_fields(code, text, details)
    answer = plain(fields, status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
