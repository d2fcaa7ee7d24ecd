"""Logging out over REST."""

from __future__ import annotations

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.accounts.audit import trail
from hub_api.accounts.tokens import service as tokens
from hub_api.accounts.web import CHANGE
from hub_api.web.answers import Done, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.tenant import no_tenant
from shared.errors import Forbidden

blueprint = Blueprint("auth_tokens", __name__, url_prefix="/api/auth", abp_tags=[Tag(name="auth")])


@blueprint.post("/logout", summary="Log out", responses={200: Done, **CHANGE}, operation_id="logout")
@endpoint(no_tenant, command="logout")
def logout(call: Call) -> Response:
    """The token of this call no longer counts. A key can't log out; an admin revokes it."""
    if call.caller.token is None:
        raise Forbidden()
    with call.services.database.writing() as session:
        tokens.revoke(session, call.caller.token)
        trail.note(session, call.caller.name, "user.logout", call.caller.cliente_id, call.caller.name)
    call.services.remembered.changed()
    return succeeded({})
