"""Getting a code to pair a phone with: a QR code to scan, or a code to type."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_openapi3.models.tag import Tag

from hub_api.pairing import qr_codes, qr_picture
from hub_api.pairing.bodies import PairingBody, QrQuery
from hub_api.pairing.objects import PairingCode, QrCode
from hub_api.pairing.qr_answer import QrAnswer
from hub_api.sessions.objects import SessionObject
from hub_api.sessions.views import session_object
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath, canonical
from hub_api.web.tenant import in_url
from hub_api.workers.control import new_question_id
from shared.instant import to_iso
from shared.protocol.commands import AskPairingCode

blueprint = Blueprint(
    "pairing", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="sessions")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.get(
    "/qr",
    summary="The QR code to scan",
    operation_id="sessions_read_qr_whatsapp__string_cliente_id__qr_get",  # as clients were generated with it
    responses={200: QrCode, 202: SessionObject, **_COMMON, 409: Failure, 500: Failure},
)
@endpoint(in_url, command="qr")
def read_qr(call: Call, path: TenantPath, query: QrQuery) -> Response:
    """Starts the session where needed and waits for a code: JSON, `image/png`, or `text/plain` drawn in characters."""
    outcome = qr_codes.obtain(call.services, call.caller, call.cliente_id, query.wait)
    snapshot = outcome.view.snapshot
    if outcome.kind is QrAnswer.SYNCING:
        return succeeded({"status": snapshot.status.value})
    if outcome.kind is QrAnswer.NONE_YET:
        return succeeded(session_object(call, outcome.view), 202)
    code = snapshot.qr_string
    kind = request.accept_mimetypes.best_match(["application/json", "image/png", "text/plain"], "application/json")
    if kind == "image/png":
        answer = Response(qr_picture.png(code), mimetype=kind)
    elif kind == "text/plain":
        answer = Response(qr_picture.characters(code), mimetype=kind)
    else:
        fields = {
            "status": snapshot.status.value,
            "qr_string": code,
            "qr": qr_picture.data_url(code),
            "qr_expires_at": to_iso(snapshot.qr_expires_at or None),
        }
        answer = succeeded(fields)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post(
    "/pairing-code",
    summary="A code to type on the phone",
    operation_id="sessions_pairing_code_whatsapp__string_cliente_id__pairing_code_post",
    responses={200: PairingCode, 202: SessionObject, **_COMMON, 409: Failure, 500: Failure, 504: Failure},
)
@endpoint(in_url, command="pairing-code")
def pairing_code(call: Call, path: TenantPath, body: PairingBody) -> Response:
    """As the QR code, for a phone that can't scan: the session is started where needed."""
    services = call.services
    number = canonical(body.phone_number, call.profile.country, "phone_number")
    outcome = qr_codes.obtain(services, call.caller, call.cliente_id, QrQuery().wait)
    status = outcome.view.snapshot.status
    if outcome.kind is QrAnswer.SYNCING:
        return succeeded({"status": status.value})
    if outcome.kind is QrAnswer.NONE_YET:
        return succeeded(session_object(call, outcome.view), 202)
    answer = services.control.ask(AskPairingCode(call.cliente_id, new_question_id(), number))
    fields = {"status": status.value, "code": answer.code, "expires_at": to_iso(answer.expires_at or None)}
    return succeeded(fields)
