"""Redis connections with the time-outs each use needs."""

from __future__ import annotations

import socket

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.errors import SessionManagerUnreachable

Redis = redis.Redis
REDIS_DOWN = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError)

# A connection that was never there carried no command.
_NEVER_CONNECTED = (ConnectionRefusedError, FileNotFoundError, socket.gaierror)

COMMAND_TIMEOUT_S = 4.0  # the hub answers SESSION_MANAGER_UNREACHABLE within 5 s


class NotSent(redis.ConnectionError):
    """The command never left this process."""


def may_have_run(error: redis.RedisError) -> bool:
    """Whether a command that ended so may have changed something all the same: its answer was lost, or never came."""
    refused = (NotSent, redis.ResponseError, redis.BusyLoadingError, redis.AuthenticationError)
    if isinstance(error, (*refused, redis.exceptions.MaxConnectionsError)):
        return False
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _NEVER_CONNECTED):
            return False
        cause = cause.__cause__ or cause.__context__
    return True


def connect(url: str, *, max_connections: int = 64) -> redis.Redis:
    """A client for short commands: text in and out, no hidden retries. Connects at the first command."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=COMMAND_TIMEOUT_S,
        socket_connect_timeout=COMMAND_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        max_connections=max_connections,
    )


def connect_blocking(url: str) -> redis.Redis:
    """A client for blocking commands and subscriptions: its reads have no time-out of their own.

    redis-py 8 raises long after a BLPOP's own time-out where socket_timeout is below it.
    """
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=None,
        socket_connect_timeout=COMMAND_TIMEOUT_S,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )


def connect_waiting(url: str, *, longest_s: float, max_connections: int) -> redis.Redis:
    """A client for subscriptions and blocking commands of at most `longest_s` seconds each; a longer read times out."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=longest_s + 1,
        socket_connect_timeout=COMMAND_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=max_connections,
    )


def unreachable(error: Exception) -> SessionManagerUnreachable:
    """What a caller sees when the broker can't be reached."""
    return SessionManagerUnreachable(details={"reason": type(error).__name__})
