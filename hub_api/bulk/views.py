"""Calls about bulk sends and their progress."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.bulk import service as bulks
from hub_api.bulk.bodies import BulkBody, BulkPath
from hub_api.bulk.objects import BulkAccepted, BulkProgress
from hub_api.messages.views import idempotency_key
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.inputs import BODY_LIMIT, Body
from hub_api.web.tenant import in_url
from shared.instant import now_ms

blueprint = Blueprint(
    "bulks", __name__, url_prefix="/api/whatsapp/<string:cliente_id>/messages/bulk", abp_tags=[Tag(name="messages")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.post("", summary="Send many messages", responses={202: BulkAccepted, **_COMMON, 409: Failure, 413: Failure})
@endpoint(in_url, body=Body(max_bytes=8 * BODY_LIMIT), command="send bulk")
def send_bulk(call: Call, path: TenantPath, body: BulkBody) -> Response:
    """Up to 1,000 messages, each accepted or refused by itself, sent at the pace of the bulk lane.

    `Idempotency-Key`, header or field, is the whole call's: made again, it finishes what the first one began. Each
    entry may have a key of its own.
    """
    key = idempotency_key(body.idempotency_key)
    return succeeded(bulks.send(call.services, call.cliente_id, body.messages, key, now_ms()), 202)


@blueprint.get("/<string:bulk_id>", summary="Progress of a bulk", responses={200: BulkProgress, **_COMMON})
@endpoint(in_url)
def read_bulk(call: Call, path: BulkPath) -> Response:
    """How many of its messages stand where."""
    return succeeded(bulks.progress(call.services, call.cliente_id, path.bulk_id))
