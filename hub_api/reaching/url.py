"""Which URLs callers may name. Pure: where a name leads is judged when it is connected to."""

from __future__ import annotations

import httpx

_SCHEMES = ("http", "https")


def fault_of(text: str) -> str | None:
    """What is wrong with a URL; None where it will do."""
    if any(each <= " " or each == "\x7f" for each in text):
        return "must not contain blanks or control characters"
    try:
        url = httpx.URL(text)
        port = url.port
    except (httpx.InvalidURL, ValueError):
        return "must be a URL"
    if url.scheme not in _SCHEMES or not url.host:
        return "must begin with http:// or https:// and name a host"
    if url.userinfo:
        return "must not contain credentials; use headers"
    if port is not None and not 0 < port < 65_536:
        return "must name a port from 1 to 65535"
    return "must not have a fragment" if url.fragment else None
