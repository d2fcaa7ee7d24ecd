"""Whether the process lives, and whether what it needs does."""

from __future__ import annotations

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.health import service
from hub_api.health.objects import Health, Readiness
from hub_api.web.answers import plain
from hub_api.web.endpoint import Blueprint, current_services
from shared.instant import now_ms, to_iso

blueprint = Blueprint("health", __name__, abp_tags=[Tag(name="health")])


@blueprint.get("/health", summary="The process lives", security=[], responses={200: Health})
def health() -> Response:
    """200 while the process lives, whatever its parts do."""
    return plain({"ok": True, "status": "ok", "service": "leadmaster-hub", "timestamp": to_iso(now_ms())})


@blueprint.get("/ready", summary="Each part's state", security=[], responses={200: Readiness, 503: Readiness})
def ready() -> Response:
    """200 where Redis and the database answer; the others are shown and do not count against it."""
    good, found = service.readiness(current_services(), now_ms())
    fields = {"ok": good, "status": "ready" if good else "not ready", "parts": found}
    return plain(fields, 200 if good else 503)
