"""What everybody may ask and change of themselves over REST."""

from __future__ import annotations

from flask import Response, request
from flask_openapi3.models.tag import Tag

from hub_api.accounts.login_limit import LoginLimit
from hub_api.accounts.passwords import Passwords, room
from hub_api.accounts.tenants import service as tenants
from hub_api.accounts.users import service as users
from hub_api.accounts.users.bodies import PasswordBody
from hub_api.accounts.users.objects import Me
from hub_api.accounts.web import CHANGE, COMMON
from hub_api.web.answers import Done, Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.tenant import no_tenant
from shared.errors import Forbidden
from shared.instant import to_iso

_PASSWORDS = Passwords()  # of this process: few hashes at a time
blueprint = Blueprint("own_account", __name__, url_prefix="/api", abp_tags=[Tag(name="auth")])


@blueprint.get("/me", summary="Who I am", responses={200: Me, **COMMON}, operation_id="me")
@endpoint(no_tenant)
def read_me(call: Call) -> Response:
    """The caller, and its tenant."""
    caller = call.caller
    tenant = None if caller.cliente_id is None else tenants.find(call.services, caller.cliente_id)
    return succeeded(
        {
            "name": caller.name,
            "usuario": None if caller.token is None else caller.name.removeprefix("user:"),
            "tipo": caller.tipo,
            "cliente_id": caller.cliente_id,
            "tenant": tenant,
            "expires_at": None if caller.token is None else to_iso(caller.token.expires_at_s * 1000),
        }
    )


@blueprint.post(
    "/auth/password",
    summary="Change my password",
    responses={200: Done, **CHANGE, 429: Failure},
    operation_id="password",
)
@endpoint(no_tenant, command="password")
def change_password(call: Call, body: PasswordBody) -> Response:
    """The user's other tokens end; the one of this call goes on. Wrong ones of `old` wait as failed logins do."""
    services, caller = call.services, call.caller
    if caller.token is None:
        raise Forbidden()
    usuario, address = caller.name.removeprefix("user:"), request.remote_addr or ""
    limit = LoginLimit(services.client, services.keys)
    with room(), limit.attempt(usuario, address):
        users.verify(services.database, _PASSWORDS, usuario, body.old)
    users.set_password(services.database, usuario, body.new, caller.name, keep=caller.token, field="new")
    services.remembered.changed()
    return succeeded({})
