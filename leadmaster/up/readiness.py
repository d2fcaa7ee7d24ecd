"""When a service counts as ready: what is asked of it, from outside."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import redis

from shared.redis import client as redis_client

Readiness = Callable[[float], bool]  # is told for how many seconds the process has run

_TIMEOUT_S = 1.0
_ALIVE_S = 1.0


def alive(age_s: float) -> bool:
    """True where it has run for a moment: for a service of which nothing better is known."""
    return age_s >= _ALIVE_S


def answers(url: str, age_s: float) -> bool:
    """True where its server answers with success."""
    try:
        status, _ = _get(url)
        return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    except (OSError, http.client.HTTPException, ValueError):
        return False


def reported(url: str, name: str, age_s: float) -> bool:
    """True where the hub's readiness at `url` says that `name` is well. It may be a 503 while another one isn't."""
    # A service that died a moment ago may still be reported as well.
    if age_s < _ALIVE_S:
        return False
    try:
        _, body = _get(url)
        return json.loads(body)["parts"][name]["ok"] is True
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return False


def pings(url: str, age_s: float) -> bool:
    """True where the Redis at `url` takes commands, which it does not while it loads its data."""
    with redis_client.connect(url) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _get(url: str) -> tuple[int, bytes]:
    """The status and body of the answer of one of our own servers: plain HTTP, on this machine, through no proxy.

    Asked several times a second while everything starts: httpx would read the certificates for TLS at each.
    Raises OSError, http.client.HTTPException.
    """
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", place.path or "/")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
