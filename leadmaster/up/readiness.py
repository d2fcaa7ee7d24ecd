"""When a service counts as ready: what is asked of it, from outside."""

from __future__ import annotations

from collections.abc import Callable

import httpx
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
        return httpx.get(url, timeout=_TIMEOUT_S, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def reported(url: str, name: str, age_s: float) -> bool:
    """True where the hub's readiness at `url` says that `name` is well. It may be a 503 while another one isn't."""
    # A service that died a moment ago may still be reported as well.
    if age_s < _ALIVE_S:
        return False
    try:
        body = httpx.get(url, timeout=_TIMEOUT_S, trust_env=False).json()
        return body["parts"][name]["ok"] is True
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        return False


def pings(url: str, age_s: float) -> bool:
    """True where the Redis at `url` takes commands, which it does not while it loads its data."""
    with redis_client.connect(url) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
