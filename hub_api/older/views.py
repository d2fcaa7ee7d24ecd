"""Calls that existing callers already make. Their failures also carry `success` and `code`."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request
from flask_openapi3.models.tag import Tag
from pydantic_core import to_json

from hub_api.accounts.tenants import service as accounts
from hub_api.messages.service import SendRequest, send_text
from hub_api.messages.views import idempotency_key
from hub_api.older import send as older_send
from hub_api.older.bodies import InstancePath, NoBody, OlderSendBody, OlderSenderBody
from hub_api.older.objects import (
    OlderChange,
    OlderMessage,
    OlderQr,
    OlderQrCode,
    OlderSent,
    OlderSession,
    OlderSessions,
)
from hub_api.pairing import qr_codes, qr_picture
from hub_api.pairing.bodies import QrQuery
from hub_api.pairing.qr_answer import QrAnswer
from hub_api.sessions import service as lifecycle
from hub_api.sessions.views import session_object
from hub_api.web.answers import Failure, plain
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.inputs import Body
from hub_api.web.tenant import ALL, by_instance, named, named_or_all
from shared.errors import QrNotRequired, SessionAlreadyConnected
from shared.instant import now_ms, to_iso
from shared.transitions.message import OPEN_STATUSES
from shared.transitions.session import SessionStatus

blueprint = Blueprint("legacy", __name__, abp_tags=[Tag(name="older calls")])
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}
_CHANGE: Any = {**_COMMON, 413: Failure, 415: Failure}


@blueprint.after_app_request
def _both_shapes(answer: Response) -> Response:
    """Adds to a failure what callers of the replaced system read."""
    if answer.status_code >= 400 and answer.mimetype == "application/json" and _is_older_call():
        fields = json.loads(answer.get_data())
        fields |= {"success": False, "code": fields["error"]}
        details = fields.get("details", {})
        fields |= {name: details[name] for name in ("certain", "message_id") if name in details}
        answer.set_data(to_json(fields))
    return answer


def _is_older_call() -> bool:
    """Also one of another method, or beside every path: who calls outside `/api` knows nothing else."""
    if request.blueprint is not None:
        return request.blueprint == blueprint.name
    return not request.path.startswith("/api/") or request.path.startswith("/api/session-manager/")


@blueprint.get("/status", summary="Session object", deprecated=True, responses={200: OlderSession, **_COMMON})
@endpoint(named)
def older_status(call: Call) -> Response:
    """The session named by X-Cliente-Id, else the caller's own."""
    return _session(call, 200)


@blueprint.get("/qr", summary="The code, if there is one", deprecated=True, responses={200: OlderQr, **_COMMON})
@endpoint(named, command="older qr")
def older_qr(call: Call) -> Response:
    """`QR_AVAILABLE` with a data URL, or `NO_QR`; starts the session where needed and does not wait."""
    try:
        return _code_or_none(call)
    except SessionAlreadyConnected:
        return plain({"ok": True, "success": True, "status": "NO_QR"})


@blueprint.get(
    "/qr-code", summary="The code, if one is needed", deprecated=True, responses={200: OlderQr, **_COMMON, 409: Failure}
)
@endpoint(named, command="older qr")
def older_qr_code(call: Call) -> Response:
    """As `/qr`, but 409 `QR_NOT_REQUIRED` on READY."""
    try:
        return _code_or_none(call)
    except SessionAlreadyConnected:
        raise QrNotRequired() from None


@blueprint.post("/connect", summary="Start the session", deprecated=True, responses={200: OlderChange, **_CHANGE})
@endpoint(named, body=Body(optional=True), command="older connect")
def older_connect(call: Call, body: NoBody) -> Response:
    """200 at once."""
    ready = call.services.snapshots.read(call.cliente_id).can_send
    lifecycle.connect(call.services, call.cliente_id, "connect", who=call.caller.name)
    return _lifecycle_answer(call, "Already connected" if ready else "Connecting", ready)


@blueprint.post("/disconnect", summary="Stop the session", deprecated=True, responses={200: OlderChange, **_CHANGE})
@endpoint(named, body=Body(optional=True), command="older disconnect")
def older_disconnect(call: Call, body: NoBody) -> Response:
    """200 at once."""
    lifecycle.disconnect(call.services, call.cliente_id, logout=False, who=call.caller.name)
    return _lifecycle_answer(call, "Disconnected", False)


@blueprint.post(
    "/send",
    summary="Send and wait",
    deprecated=True,
    responses={200: OlderSent, **_CHANGE, 409: Failure, 429: Failure, 500: Failure, 502: Failure, 504: Failure},
)
@endpoint(named, command="older send")
def older_send_text(call: Call, body: OlderSendBody) -> Response:
    """Synchronous, 30 s. A failure's `certain` says whether the message can be sent again without doubling it."""
    order = SendRequest(to=body.to, text=body.message, idempotency_key=idempotency_key(None))
    message = older_send.send_and_wait(call.services, call.cliente_id, order)
    data = {
        "success": True,
        "cliente_id": call.cliente_id,
        "to": message.to,
        "messageId": message.whatsapp_id,
        "timestamp": to_iso(message.sent_at_ms),
    }
    return plain({"ok": True, "success": True, "message": "Message sent", "data": data})


@blueprint.get(
    "/sessions", summary="Sessions that are READY", deprecated=True, responses={200: OlderSessions, **_COMMON}
)
@endpoint(named_or_all)
def older_sessions(call: Call) -> Response:
    """Ids as text, within the caller's reach."""
    ids = accounts.tenants(call.services.database) if call.cliente_id == ALL else [call.cliente_id]
    ready = [str(view.snapshot.cliente_id) for view in call.services.snapshots.read_many(ids) if view.can_send]
    return plain({"ok": True, "success": True, "sessions": ready, "count": len(ready)})


@blueprint.post(
    "/sender/messages",
    summary="Send from one's own session",
    deprecated=True,
    responses={201: OlderMessage, **_CHANGE, 409: Failure, 429: Failure},
)
@endpoint(named, command="older sender")
def older_sender(call: Call, body: OlderSenderBody) -> Response:
    """201 with what became of it so far."""
    order = SendRequest(to=body.destinatario, text=body.mensaje, idempotency_key=idempotency_key(None))
    message = send_text(call.services, call.cliente_id, order, now_ms()).message
    out = message.sent_at_ms is not None
    state = "enviado" if out else "pendiente" if message.status in OPEN_STATUSES else "error"
    fields = {
        "id": message.message_id,
        "destinatario": message.to,
        "estado": state,
        "fecha": to_iso(message.accepted_at_ms),
    }
    return plain(fields, 201)


@blueprint.get(
    "/api/session-manager/sessions/<string:instance_id>",
    summary="Session object",
    deprecated=True,
    responses={200: OlderSession, **_COMMON},
)
@endpoint(by_instance)
def older_instance(call: Call, path: InstancePath) -> Response:
    """By its older name, `sender_<cliente_id>`."""
    return _session(call, 200)


@blueprint.post(
    "/api/session-manager/sessions/<string:instance_id>/qr",
    summary="The valid code or a new one",
    deprecated=True,
    responses={200: OlderQrCode, 202: OlderSession, **_COMMON, 409: Failure, 500: Failure},
)
@endpoint(by_instance, command="older qr")
def older_instance_qr(call: Call, path: InstancePath) -> Response:
    """Idempotent: starts the session where needed and waits for a code."""
    outcome = qr_codes.obtain(call.services, call.caller, call.cliente_id, QrQuery().wait)
    if outcome.kind is QrAnswer.NONE_YET:
        return _session(call, 202)
    snapshot = outcome.view.snapshot
    fields: dict[str, Any] = {"ok": True, "success": True, "status": snapshot.status.value}
    if outcome.kind is QrAnswer.CODE:
        fields |= {
            "qr_string": snapshot.qr_string,
            "qr": qr_picture.data_url(snapshot.qr_string),
            "qr_expires_at": to_iso(snapshot.qr_expires_at or None),
        }
    return plain(fields)


def _session(call: Call, status: int) -> Response:
    view = call.services.snapshots.read(call.cliente_id)
    return plain({"ok": True, "success": True, **session_object(call, view)}, status)


def _code_or_none(call: Call) -> Response:
    outcome = qr_codes.obtain(call.services, call.caller, call.cliente_id, 0)
    if outcome.kind is not QrAnswer.CODE:
        return plain({"ok": True, "success": True, "status": "NO_QR"})
    picture = qr_picture.data_url(outcome.view.snapshot.qr_string)
    return plain({"ok": True, "success": True, "status": "QR_AVAILABLE", "qr": picture})


def _lifecycle_answer(call: Call, message: str, already: bool) -> Response:
    status: SessionStatus = call.services.snapshots.read(call.cliente_id).snapshot.status
    fields = {
        "ok": True,
        "success": True,
        "message": message,
        "state": status.value,
        "cliente_id": call.cliente_id,
        "alreadyConnected": already,
    }
    return plain(fields)
