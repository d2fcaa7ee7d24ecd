"""Login."""

from __future__ import annotations

from flask import Response, g, request
from flask_openapi3.models.tag import Tag

from hub_api.accounts.bodies import LoginBody
from hub_api.accounts.login_limit import LoginLimit
from hub_api.accounts.objects import LoggedIn
from hub_api.accounts.passwords import Passwords, room
from hub_api.accounts.tokens.service import issue_token
from hub_api.accounts.users import service as users
from hub_api.web import callers
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.tenant import no_tenant

_PASSWORDS = Passwords()
blueprint = Blueprint("auth", __name__, url_prefix="/api/auth", abp_tags=[Tag(name="auth")])


@blueprint.post(
    "/login",
    summary="Log in",
    security=[],
    responses={200: LoggedIn, 400: Failure, 401: Failure, 413: Failure, 415: Failure, 429: Failure, 503: Failure},
    operation_id="login",
)
@endpoint(no_tenant, who=callers.anybody, command="login")
def login(call: Call, body: LoginBody) -> Response:
    """A token for a name and a password. Failures of a name, of an address and of all make further attempts wait."""
    services = call.services
    address = request.remote_addr or ""
    limit = LoginLimit(services.client, services.keys)
    with room(), limit.attempt(body.usuario, address):
        account = users.verify(services.database, _PASSWORDS, body.usuario, body.password)
    g.who = f"user:{account.usuario}"
    user = {
        "id": account.id,
        "usuario": account.usuario,
        "tipo": account.tipo,
        "cliente_id": account.cliente_id,
    }
    token = issue_token(services.database, services.settings, account.for_token)
    return succeeded({"token": token, "expires_in": services.settings.jwt_ttl_seconds, "user": user})
