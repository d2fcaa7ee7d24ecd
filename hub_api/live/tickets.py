"""Tickets: what opens one stream in place of a token or key, for browsers, which can send neither with an EventSource.

A ticket is good once and for a minute; Redis keeps its digest, and of the caller what says who he is, no credential.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict
from typing import cast

from flask import Request

from hub_api.principal import Directory, Principal, TokenRef, require_admin
from hub_api.services import Services
from hub_api.web import callers
from hub_api.web.endpoint import current_services
from shared.errors import Unauthorized

LIVES_S = 60
_BYTES = 32
_MAX_LENGTH = 100  # characters


def issue(services: Services, caller: Principal) -> str:
    """A ticket for a caller. Raises redis.RedisError."""
    ticket = secrets.token_urlsafe(_BYTES)
    services.client.set(services.keys.event_ticket(_digest(ticket)), json.dumps(asdict(caller)), ex=LIVES_S)
    return ticket


def caller_of_stream(request: Request, directory: Directory) -> Principal:
    """Who opens a stream: by token or key as everywhere, else by `?ticket=`, which is used up.

    Raises Unauthorized, TokenExpired; redis.RedisError.
    """
    ticket = request.args.get("ticket")
    if ticket is None or "Authorization" in request.headers or "X-Api-Key" in request.headers:
        return callers.known(request, directory)
    caller = _use(current_services(), ticket)
    if caller is None or not directory.stands(caller):
        raise Unauthorized()
    return caller


def admin_of_stream(request: Request, directory: Directory) -> Principal:
    """The same for a stream of all tenants. Raises Forbidden besides."""
    caller = caller_of_stream(request, directory)
    require_admin(caller)
    return caller


def _use(services: Services, ticket: str) -> Principal | None:
    if len(ticket) > _MAX_LENGTH:
        return None
    kept = cast("str | None", services.client.getdel(services.keys.event_ticket(_digest(ticket))))
    if kept is None:
        return None
    fields = json.loads(kept)
    token = fields.pop("token")
    return Principal(**fields, token=None if token is None else TokenRef(**token))


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()
