"""The call that takes a file to be sent."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_openapi3.models.tag import Tag

from hub_api.media.objects import MediaObject, media_fields
from hub_api.media.sources.form import receiving
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.tenant import in_url
from shared.instant import now_ms

blueprint = Blueprint(
    "media", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="messages")]
)
_RESPONSES: Any = {
    201: MediaObject,
    **{code: Failure for code in (400, 401, 403, 404, 409, 413, 415, 429, 503)},
}
FORM: Any = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@blueprint.post("/media", summary="Give a file to be sent", responses=_RESPONSES, openapi_extensions=FORM)
@endpoint(in_url, command="media upload")
def take_media(call: Call, path: TenantPath) -> Response:
    """201 once it is stored. What it is goes by its content, not by its name; whether a message can have it is said
    when one names it.

    It is kept for as long as a message names it, and else for `MEDIA_UPLOAD_DAYS`.
    """
    with receiving(call.services, call.cliente_id, request) as form:
        form.staged.require(None)
        upload = form.staged.keep(form.file_name, None, now_ms())
    return succeeded(media_fields(upload), 201)
