"""Who may pair a phone: put, read and removed by admins."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.authorizations import service as qr_authorizations
from hub_api.authorizations.bodies import QrAuthorizationBody
from hub_api.authorizations.objects import QrAuthorizationObject
from hub_api.authorizations.service import Authorization
from hub_api.web import callers
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.tenant import in_url, in_url_or_new
from shared.instant import from_iso, now_ms

blueprint = Blueprint(
    "qr_authorizations",
    __name__,
    url_prefix="/api/whatsapp/<string:cliente_id>/qr-authorization",
    abp_tags=[Tag(name="qr-authorization")],
)
_RESPONSES: Any = {200: QrAuthorizationObject, 400: Failure, 401: Failure, 403: Failure, 404: Failure}


def _answer(call: Call) -> Response:
    found = qr_authorizations.read(call.services.database, call.cliente_id)
    return succeeded(qr_authorizations.to_object(call.cliente_id, found, now_ms()))


@blueprint.put("", summary="Allow or forbid pairing", responses=_RESPONSES)
@endpoint(in_url_or_new, who=callers.admin, command="qr-authorization put")
def put_authorization(call: Call, path: TenantPath, body: QrAuthorizationBody) -> Response:
    """Puts it on record. A tenant that was not known is from now on."""
    wanted = Authorization(body.enabled, None if body.expires_at is None else from_iso(body.expires_at))
    qr_authorizations.put(call.services.database, call.cliente_id, wanted, call.caller.name)
    return _answer(call)


@blueprint.get("", summary="Whether pairing is allowed", responses=_RESPONSES)
@endpoint(in_url, who=callers.admin)
def read_authorization(call: Call, path: TenantPath) -> Response:
    """None on record means allowed."""
    return _answer(call)


@blueprint.delete("", summary="Take it off the record", responses=_RESPONSES)
@endpoint(in_url, who=callers.admin, command="qr-authorization delete")
def delete_authorization(call: Call, path: TenantPath) -> Response:
    """Pairing is allowed again."""
    qr_authorizations.remove(call.services.database, call.cliente_id, call.caller.name)
    return _answer(call)
