"""Login (CONTRACT section 4)."""

from __future__ import annotations

from flask import Response, g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from hub_api import accounts
from hub_api.answers import succeeded
from hub_api.bodies import LoginBody
from hub_api.calls import Call, endpoint
from hub_api.objects import Failure, LoggedIn

blueprint = APIBlueprint("auth", __name__, url_prefix="/api/auth", abp_tags=[Tag(name="auth")])


@blueprint.post(
    "/login", summary="Log in", security=[], responses={200: LoggedIn, 401: Failure, 429: Failure}, operation_id="login"
)
@endpoint(command="login", tenant="none", public=True)
def login(call: Call, body: LoginBody) -> Response:
    """A token for a name and a password. Failures of one name from one address make it wait longer and longer."""
    hub = call.hub
    address = request.remote_addr or ""
    hub.login_limit.begin(body.usuario, address)
    account = accounts.verify(hub.database, hub.passwords, body.usuario, body.password)
    hub.login_limit.succeeded(body.usuario, address)
    g.who = f"user:{account.usuario}"
    user = {
        "id": account.id,
        "usuario": account.usuario,
        "tipo": account.tipo,
        "cliente_id": account.cliente_id,
    }
    token = accounts.issue_token(hub.settings, account)
    return succeeded({"token": token, "expires_in": hub.settings.jwt_ttl_seconds, "user": user})
