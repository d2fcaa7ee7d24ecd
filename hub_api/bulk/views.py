"""Bulk sends and their progress (CONTRACT section 4)."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from hub_api.bulk import service as bulks
from hub_api.bulk.bodies import BulkBody, BulkPath
from hub_api.bulk.objects import BulkAccepted, BulkProgress
from hub_api.messages.views import idempotency_key
from hub_api.web.answers import succeeded
from hub_api.web.endpoint import BULK_BODY_LIMIT, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.objects import Failure
from shared.instant import now_ms

blueprint = APIBlueprint(
    "bulks", __name__, url_prefix="/api/whatsapp/<string:cliente_id>/messages/bulk", abp_tags=[Tag(name="messages")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.post("", summary="Send many messages", responses={202: BulkAccepted, **_COMMON, 409: Failure, 413: Failure})
@endpoint(command="send bulk", body_limit=BULK_BODY_LIMIT)
def send_bulk(call: Call, path: TenantPath, body: BulkBody) -> Response:
    """Up to 1,000 messages, each accepted or refused by itself, sent at the pace of the bulk lane."""
    return succeeded(bulks.send(call.services, call.cliente_id, body.messages, idempotency_key(None), now_ms()), 202)


@blueprint.get("/<string:bulk_id>", summary="Progress of a bulk", responses={200: BulkProgress, **_COMMON})
@endpoint()
def read_bulk(call: Call, path: BulkPath) -> Response:
    """How many of its messages stand where."""
    return succeeded(bulks.progress(call.services, call.cliente_id, path.bulk_id))
