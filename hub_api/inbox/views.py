"""Calls about received messages."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.inbox import service as inbox
from hub_api.inbox.bodies import InboundQuery
from hub_api.inbox.objects import InboundList
from hub_api.inbox.service import InboundFilter
from hub_api.web.answers import Failure, listed
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath, canonical
from hub_api.web.tenant import in_url
from shared.instant import from_iso

blueprint = Blueprint(
    "inbox", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="messages")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.get("/inbound", summary="Messages received, newest first", responses={200: InboundList, **_COMMON})
@endpoint(in_url)
def list_inbound(call: Call, path: TenantPath, query: InboundQuery) -> Response:
    """What was received, with filters and a cursor."""
    services, sender = call.services, query.from_number
    wanted = InboundFilter(
        from_number=None if sender is None else canonical(sender, call.profile.country, "from_number"),
        from_ms=None if query.from_ is None else from_iso(query.from_),
        until_ms=None if query.until is None else from_iso(query.until),
    )
    found, following = inbox.received(services.database, call.cliente_id, wanted, query.cursor, query.limit)
    return listed(found, following)
