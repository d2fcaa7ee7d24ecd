"""Sessions: status, life, QR codes, contacts (CONTRACT section 4)."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from hub_api.accounts import service as accounts
from hub_api.messages import service as commands
from hub_api.messages.history import read_cursor, write_cursor
from hub_api.sessions import qr_codes, qr_picture
from hub_api.sessions import service as lifecycle
from hub_api.sessions.bodies import DisconnectBody, NumberPath, PairingBody, QrQuery, SessionsQuery
from hub_api.sessions.objects import Contact, PairingCode, QrCode, SessionList, SessionObject
from hub_api.sessions.qr_answer import QrAnswer
from hub_api.web.answers import listed, succeeded
from hub_api.web.endpoint import Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.objects import Failure
from shared.errors import QrGenerationFailed, SessionAlreadyConnected, SessionNotReady, ValidationFailed
from shared.instant import now_ms, to_iso
from shared.names import TASK_CHECK_CONTACT, TASK_PAIRING_CODE
from shared.sessions.snapshot import SessionView
from shared.transitions.session import SessionStatus

blueprint = APIBlueprint("sessions", __name__, url_prefix="/api", abp_tags=[Tag(name="sessions")])

_TENANT = "/whatsapp/<string:cliente_id>"
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


def session_object(call: Call, view: SessionView) -> dict[str, object]:
    """The session object in the hub's language."""
    return view.to_object(now_ms(), call.services.language)


@blueprint.get(f"{_TENANT}/status", summary="Status as last written", responses={200: SessionObject, **_COMMON})
@endpoint()
def read_status(call: Call, path: TenantPath) -> Response:
    """The session as its owner last wrote it. Never starts a browser."""
    return succeeded(session_object(call, call.services.snapshots.read(call.cliente_id)))


@blueprint.post(
    f"{_TENANT}/status",
    summary="Status asked of the live worker",
    responses={200: SessionObject, **_COMMON, 504: Failure},
)
@endpoint(command="status")
def ask_status(call: Call, path: TenantPath) -> Response:
    """Asks the worker, which answers within 5 s also during a send. Without a live owner: the object at once."""
    view = call.services.snapshots.read(call.cliente_id)
    if view.owned:
        call.services.control.ask_status(call.cliente_id)
        view = call.services.snapshots.read(call.cliente_id)
    return succeeded(session_object(call, view))


@blueprint.post(f"{_TENANT}/connect", summary="Start the session", responses={202: SessionObject, **_COMMON})
@endpoint(command="connect")
def connect(call: Call, path: TenantPath) -> Response:
    """Starts the session and keeps it running. Idempotent; `already_connected` on READY."""
    view = call.services.snapshots.read(call.cliente_id)
    lifecycle.connect(call.services, call.cliente_id, "connect")
    answer = session_object(call, call.services.snapshots.read(call.cliente_id))
    return succeeded({**answer, "already_connected": view.can_send}, 202)


@blueprint.post(
    f"{_TENANT}/disconnect",
    summary="Stop the session",
    responses={200: SessionObject, 202: SessionObject, **_COMMON},
)
@endpoint(command="disconnect", body_optional=True)
def disconnect(call: Call, path: TenantPath, body: DisconnectBody) -> Response:
    """Stops the session and keeps the login; `logout` also unlinks the phone. 200 where nothing runs."""
    ran = lifecycle.disconnect(call.services, call.cliente_id, logout=body.logout)
    return succeeded(session_object(call, call.services.snapshots.read(call.cliente_id)), 202 if ran else 200)


@blueprint.post(
    f"{_TENANT}/restart", summary="A new browser, the same login", responses={202: SessionObject, **_COMMON}
)
@endpoint(command="restart")
def restart(call: Call, path: TenantPath) -> Response:
    """Restarts the browser with the same login; starts the session where nothing runs."""
    lifecycle.restart(call.services, call.cliente_id)
    return succeeded(session_object(call, call.services.snapshots.read(call.cliente_id)), 202)


@blueprint.get(
    f"{_TENANT}/qr",
    summary="The QR code to scan",
    responses={200: QrCode, 202: SessionObject, **_COMMON, 409: Failure, 500: Failure},
)
@endpoint(command="qr")
def read_qr(call: Call, path: TenantPath, query: QrQuery) -> Response:
    """Starts the session where needed and waits for a code: JSON, `image/png`, or `text/plain` drawn in characters."""
    outcome = qr_codes.obtain(call.services, call.cliente_id, query.wait)
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
    f"{_TENANT}/pairing-code",
    summary="A code to type on the phone",
    responses={200: PairingCode, 202: SessionObject, **_COMMON, 409: Failure, 500: Failure, 504: Failure},
)
@endpoint(command="pairing-code")
def pairing_code(call: Call, path: TenantPath, body: PairingBody) -> Response:
    """As the QR code, for a phone that can't scan: the session is started where needed."""
    services = call.services
    number = commands.canonical(body.phone_number, services.settings.default_country, "phone_number")
    outcome = qr_codes.obtain(services, call.cliente_id, QrQuery().wait)
    status = outcome.view.snapshot.status
    if outcome.kind is QrAnswer.SYNCING:
        return succeeded({"status": status.value})
    if outcome.kind is QrAnswer.NONE_YET:
        return succeeded(session_object(call, outcome.view), 202)
    reply = services.control.ask(TASK_PAIRING_CODE, call.cliente_id, phone_number=number)
    code, expires_at = reply.get("code"), reply.get("expires_at")
    if not isinstance(code, str) or not code:
        if reply.get("status") == SessionStatus.READY.value:
            raise SessionAlreadyConnected()
        raise QrGenerationFailed()
    if isinstance(expires_at, int):
        expires_at = to_iso(expires_at)
    return succeeded({"status": status.value, "code": code, "expires_at": expires_at})


@blueprint.get(
    f"{_TENANT}/contacts/<string:number>",
    summary="Whether a number is on WhatsApp",
    responses={200: Contact, **_COMMON, 504: Failure},
)
@endpoint(command="contact")
def check_contact(call: Call, path: NumberPath) -> Response:
    """`exists` is null where WhatsApp could not be asked."""
    services = call.services
    number = commands.canonical(path.number, services.settings.default_country, "number")
    exists, chat_id = None, None
    if services.snapshots.read(call.cliente_id).can_send:
        try:
            reply = services.control.ask(TASK_CHECK_CONTACT, call.cliente_id, number=number)
        except SessionNotReady:  # it was ready a moment ago
            reply = {}
        exists = reply["exists"] if isinstance(reply.get("exists"), bool) else None
        chat_id = reply["chat_id"] if isinstance(reply.get("chat_id"), str) and exists else None
    return succeeded({"number": number, "exists": exists, "chat_id": chat_id})


@blueprint.get("/sessions", summary="All sessions one may see", responses={200: SessionList, **_COMMON})
@endpoint(tenant="none")
def list_sessions(call: Call, query: SessionsQuery) -> Response:
    """An admin's: every known tenant's; a cliente's: its own."""
    if call.caller.is_admin:
        ids = accounts.tenants(call.services.database)
    else:
        ids = [call.caller.cliente_id] if call.caller.cliente_id is not None else []
    after = _last_tenant(query.cursor)
    rest = [cliente_id for cliente_id in ids if cliente_id > after]
    page = rest[: query.limit]
    following = write_cursor(0, str(page[-1])) if len(rest) > len(page) else None
    return listed((session_object(call, view) for view in call.services.snapshots.read_many(page)), following)


def _last_tenant(cursor: str | None) -> int:
    if cursor is None:
        return 0
    _, last = read_cursor(cursor)
    if not last.isdigit() or len(last) > 10:
        raise ValidationFailed(details={"cursor": "not one of this list"})
    return int(last)
