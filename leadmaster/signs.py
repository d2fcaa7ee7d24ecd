"""Signs that a part is ready, asked for from outside."""

from __future__ import annotations

import httpx
import redis

from shared.redis import client as redis_client

_TIMEOUT_S = 1.0


def answers(url: str, path: str) -> bool:
    """True where the server answers `path` with success."""
    try:
        return httpx.get(url.rstrip("/") + path, timeout=_TIMEOUT_S, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def reported(hub_url: str, name: str) -> bool:
    """True where the hub's `/ready` says that the part `name` is well; it answers 503 while another one isn't."""
    try:
        body = httpx.get(hub_url.rstrip("/") + "/ready", timeout=_TIMEOUT_S, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return False
    parts = body.get("parts") if isinstance(body, dict) else None
    state = parts.get(name) if isinstance(parts, dict) else None
    return isinstance(state, dict) and state.get("ok") is True


def pings(url: str) -> bool:
    """True where the Redis at `url` takes commands; False too while it still loads its data."""
    with redis_client.connect(url) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
