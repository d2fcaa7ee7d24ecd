"""The trail over REST."""

from __future__ import annotations

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.accounts.audit import trail
from hub_api.accounts.audit.bodies import AuditQuery
from hub_api.accounts.audit.objects import AuditTrail
from hub_api.accounts.web import COMMON
from hub_api.web import callers
from hub_api.web.answers import listed
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.tenant import no_tenant
from shared.instant import from_iso

blueprint = Blueprint("audit", __name__, url_prefix="/api/audit", abp_tags=[Tag(name="audit")])


@blueprint.get("", summary="Who changed what", responses={200: AuditTrail, **COMMON})
@endpoint(no_tenant, who=callers.admin)
def list_lines(call: Call, query: AuditQuery) -> Response:
    """Every change of what is not a message, newest first."""
    chosen = trail.Filter(
        who=query.who,
        what=query.what,
        cliente_id=query.cliente_id,
        from_ms=None if query.from_ is None else from_iso(query.from_),
        until_ms=None if query.until is None else from_iso(query.until),
    )
    return listed(*trail.listed(call.services.database, chosen, query.cursor, query.limit))
