"""Calls about the bytes of received messages."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.inbox.bodies import InboundPath
from hub_api.inbox.media import finding, refetching
from hub_api.inbox.media.objects import MediaFetchObject, MediaUsageObject
from hub_api.inbox.media.usage import usage_of
from hub_api.media.handing_out import BYTES, hand_out
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.tenant import in_url
from shared.media.settings import MIB

blueprint = Blueprint(
    "inbound_media", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="conversations")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 429: Failure, 503: Failure}


@blueprint.get(
    "/inbound/<string:whatsapp_id>/media",
    summary="The bytes of a received message",
    responses={200: BYTES, 206: BYTES, 416: Failure, **_COMMON},
)
@endpoint(in_url)
def read_media(call: Call, path: InboundPath) -> Response:
    """As an attachment, of the type that the sender named. `Range` (one) and `If-None-Match` are heeded; `ETag` is the
    SHA-256. Where the bytes are not here, 404 says in `details.media` what became of them, with `Retry-After` while
    they are `pending`."""
    return hand_out(call, lambda: finding.find(call.services, call.cliente_id, path.whatsapp_id))


@blueprint.post(
    "/inbound/<string:whatsapp_id>/media/fetch",
    summary="Fetch the bytes of a received message once more",
    responses={202: MediaFetchObject, **_COMMON, 409: Failure},
)
@endpoint(in_url, command="media fetch")
def fetch_again(call: Call, path: InboundPath) -> Response:
    """After what kept them from being fetched is put right, such as a full disk. For `failed`, `expired` and `pending`
    ones, and those whose file is missing: 202, they are `pending` and fetched within a minute while the session is
    READY; what came of it is in the message's `media` and told as `message.updated`. Others: 409, with `details.media`.
    """
    return succeeded(refetching.fetch_again(call.services, call.cliente_id, path.whatsapp_id, call.caller.name), 202)


@blueprint.get("/media/usage", summary="How much received media take", responses={200: MediaUsageObject, **_COMMON})
@endpoint(in_url)
def read_usage(call: Call, path: TenantPath) -> Response:
    """Of the tenant's files, against its quota, and what became of what came in."""
    settings = call.services.settings
    with call.services.database.reading() as session:
        usage = usage_of(session, call.cliente_id)
    return succeeded(
        {
            "cliente_id": call.cliente_id,
            "used_bytes": usage.used_bytes,
            "quota_bytes": settings.media_quota_mib * MIB or None,
            "over_quota": usage.over_quota,
            "retention_days": settings.media_retention_days or None,
            **{status.value: count for status, count in usage.by_status.items()},
        }
    )
