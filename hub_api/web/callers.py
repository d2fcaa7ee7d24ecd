"""Who makes a call: the first piece of an `endpoint`."""

from __future__ import annotations

from flask import Request

from hub_api.principal import Directory, Principal, require_admin
from shared.errors import Unauthorized
from shared.instant import now_ms

NOBODY = Principal("nobody", "cliente", None)


def known(request: Request, directory: Directory) -> Principal:
    """The caller behind `Authorization: Bearer …` or `X-Api-Key`. Raises Unauthorized, TokenExpired."""
    headers = request.headers
    authorization = headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized()
        return directory.by_token(token.strip(), now_ms() // 1000)
    key = headers.get("X-Api-Key")
    if key is None:
        raise Unauthorized()
    return directory.by_key(key)


def admin(request: Request, directory: Directory) -> Principal:
    """A known caller who is an admin. Raises Unauthorized, TokenExpired, Forbidden."""
    caller = known(request, directory)
    require_admin(caller)
    return caller


def anybody(request: Request, directory: Directory) -> Principal:
    """No credentials are needed and none are looked at."""
    return NOBODY
