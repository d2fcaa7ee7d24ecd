"""Sessions: status, life, QR codes."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.accounts.tenants import service as accounts
from hub_api.authorizations import service as authorizations
from hub_api.sessions import service as lifecycle
from hub_api.sessions.bodies import DisconnectBody, SessionsQuery
from hub_api.sessions.objects import SessionList, SessionObject
from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.inputs import Body
from hub_api.web.tenant import ALL, in_url, named_or_all
from hub_api.workers.control import new_question_id
from shared.errors import ValidationFailed
from shared.instant import now_ms
from shared.protocol.commands import AskStatus
from shared.sessions.view import SessionView

blueprint = Blueprint("sessions", __name__, url_prefix="/api", abp_tags=[Tag(name="sessions")])

_TENANT = "/whatsapp/<string:cliente_id>"
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


def session_object(call: Call, view: SessionView) -> dict[str, object]:
    """The session object in the caller's language, with its code only where the caller may scan it."""
    now = now_ms()
    # SQL is asked only while there is a code.
    shown = view.has_code(now) and authorizations.may_scan(
        call.services.database, call.caller, view.snapshot.cliente_id
    )
    return view.to_object(now, call.language, with_code=shown)


@blueprint.get(f"{_TENANT}/status", summary="Status as last written", responses={200: SessionObject, **_COMMON})
@endpoint(in_url)
def read_status(call: Call, path: TenantPath) -> Response:
    """The session as its owner last wrote it. Never starts a browser."""
    return succeeded(session_object(call, call.services.snapshots.read(call.cliente_id)))


@blueprint.post(
    f"{_TENANT}/status",
    summary="Status asked of the live worker",
    responses={200: SessionObject, **_COMMON, 504: Failure},
)
@endpoint(in_url, command="status")
def ask_status(call: Call, path: TenantPath) -> Response:
    """Asks the worker, which answers within 5 s also during a send. Without a live owner: the object at once."""
    view = call.services.snapshots.read(call.cliente_id)
    if view.owned:
        answer = call.services.control.ask(AskStatus(call.cliente_id, new_question_id()))
        view = SessionView(answer.snapshot, owned=True, wanted=view.wanted)
    return succeeded(session_object(call, view))


@blueprint.post(f"{_TENANT}/connect", summary="Start the session", responses={202: SessionObject, **_COMMON})
@endpoint(in_url, command="connect")
def connect(call: Call, path: TenantPath) -> Response:
    """Starts the session and keeps it running. Idempotent; `already_connected` on READY."""
    view = call.services.snapshots.read(call.cliente_id)
    lifecycle.connect(call.services, call.cliente_id, "connect", who=call.caller.name)
    answer = session_object(call, call.services.snapshots.read(call.cliente_id))
    return succeeded({**answer, "already_connected": view.can_send}, 202)


@blueprint.post(
    f"{_TENANT}/disconnect",
    summary="Stop the session",
    responses={200: SessionObject, 202: SessionObject, **_COMMON},
)
@endpoint(in_url, body=Body(optional=True), command="disconnect")
def disconnect(call: Call, path: TenantPath, body: DisconnectBody) -> Response:
    """Stops the session and keeps the login; `logout` also unlinks the phone. 200 where nothing runs.

    Then a logout is remembered and done at the next start, before anything is sent; `logout_pending` until it is.
    """
    ran = lifecycle.disconnect(call.services, call.cliente_id, logout=body.logout, who=call.caller.name)
    answer = session_object(call, call.services.snapshots.read(call.cliente_id))
    if body.logout:
        answer["logout_pending"] = call.services.wanted.owed_logout(call.cliente_id) is not None
    return succeeded(answer, 202 if ran else 200)


@blueprint.post(
    f"{_TENANT}/restart", summary="A new browser, the same login", responses={202: SessionObject, **_COMMON}
)
@endpoint(in_url, command="restart")
def restart(call: Call, path: TenantPath) -> Response:
    """Restarts the browser with the same login; starts the session where nothing runs."""
    lifecycle.restart(call.services, call.cliente_id, call.caller.name)
    return succeeded(session_object(call, call.services.snapshots.read(call.cliente_id)), 202)


@blueprint.get("/sessions", summary="All sessions one may see", responses={200: SessionList, **_COMMON})
@endpoint(named_or_all)
def list_sessions(call: Call, query: SessionsQuery) -> Response:
    """An admin's: every known tenant's, or that of the tenant it names; a cliente's: its own."""
    ids = accounts.tenants(call.services.database) if call.cliente_id == ALL else [call.cliente_id]
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
