"""Whether the process lives, and whether what it needs does."""

from __future__ import annotations

from typing import cast

import redis
from flask import Response, current_app, request
from flask_openapi3.models.tag import Tag
from sqlalchemy.exc import SQLAlchemyError

from hub_api.health import service
from hub_api.health.objects import Health, Readiness
from hub_api.principal import Directory
from hub_api.web import callers
from hub_api.web.answers import plain
from hub_api.web.endpoint import Blueprint, current_services
from shared.errors import Forbidden, TokenExpired, Unauthorized
from shared.instant import now_ms, to_iso

blueprint = Blueprint("health", __name__, abp_tags=[Tag(name="health")])


@blueprint.get("/health", summary="The process lives", security=[], responses={200: Health})
def health() -> Response:
    """200 while the process lives, whatever its parts do."""
    return plain({"ok": True, "status": "ok", "service": "leadmaster-hub", "timestamp": to_iso(now_ms())})


@blueprint.get("/ready", summary="Each part's state", security=[], responses={200: Readiness, 503: Readiness})
def ready() -> Response:
    """200 where Redis and the database answer; the others are shown and do not count against it.

    No credentials are needed. `detail` and `depths` are for an admin alone: they name tenants, builds and programs, and
    say how much waits.
    """
    good, found = service.readiness(current_services(), now_ms())
    if _is_admin():
        for name, depths in service.depths_of_parts(current_services(), now_ms()).items():
            found[name] |= {"depths": depths}
    else:
        found = {name: {"ok": part["ok"]} for name, part in found.items()}
    fields = {"ok": good, "status": "ready" if good else "not ready", "parts": found}
    return plain(fields, 200 if good else 503)


def _is_admin() -> bool:
    """Whether the credentials, if there are any, are an admin's; nobody's where that can't be found out."""
    try:
        callers.admin(request, cast(Directory, current_app.extensions["directory"]))
    except (Unauthorized, TokenExpired, Forbidden, SQLAlchemyError, redis.RedisError):
        return False
    return True
