"""Calls about received messages."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.inbox import service as inbox
from hub_api.inbox.bodies import InboundPath, InboundQuery
from hub_api.inbox.objects import InboundList, InboundObject
from hub_api.inbox.service import InboundFilter
from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.tenant import in_url
from shared.instant import from_iso

blueprint = Blueprint(
    "inbox", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="conversations")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.get("/inbound", summary="Messages received, newest first", responses={200: InboundList, **_COMMON})
@endpoint(in_url)
def list_inbound(call: Call, path: TenantPath, query: InboundQuery) -> Response:
    """What was received, and what the owner wrote on the phone (`direction: out`), with filters and a cursor."""
    wanted = InboundFilter(
        country=call.profile.country,
        sender=query.sender,
        chat=query.chat,
        type=None if query.type is None else query.type.value,
        since_ms=None if query.since is None else from_iso(query.since),
        until_ms=None if query.until is None else from_iso(query.until),
    )
    found, following = inbox.received(call.services.database, call.cliente_id, wanted, query.cursor, query.limit)
    return listed(found, following)


@blueprint.get(
    "/inbound/<string:whatsapp_id>", summary="One received message", responses={200: InboundObject, **_COMMON}
)
@endpoint(in_url)
def read_inbound(call: Call, path: InboundPath) -> Response:
    """As it stands now: with its last edit, its deletion, and what became of its bytes."""
    return succeeded(inbox.read(call.services.database, call.cliente_id, path.whatsapp_id))
