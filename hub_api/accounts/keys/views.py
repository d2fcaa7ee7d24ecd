"""API keys over REST."""

from __future__ import annotations

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.accounts.keys import service as keys
from hub_api.accounts.keys.bodies import KeyBody, KeyPath
from hub_api.accounts.keys.objects import KeyList, KeyObject, NewKeyObject
from hub_api.accounts.web import CHANGE, CHANGE_OF_ONE, COMMON, PageQuery, following, place_of
from hub_api.web import callers
from hub_api.web.answers import listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.tenant import no_tenant

blueprint = Blueprint("keys", __name__, url_prefix="/api/keys", abp_tags=[Tag(name="keys")])


@blueprint.get("", summary="Keys of programs", responses={200: KeyList, **COMMON})
@endpoint(no_tenant, who=callers.admin)
def list_keys(call: Call, query: PageQuery) -> Response:
    """All of them, the oldest first, revoked ones too."""
    found = keys.listed(call.services.database, place_of(query.cursor), query.limit + 1)
    return listed(found[: query.limit], following([one["key_id"] for one in found], query.limit))


@blueprint.post("", summary="Make a key", responses={201: NewKeyObject, **CHANGE})
@endpoint(no_tenant, who=callers.admin, command="key create")
def create_key(call: Call, body: KeyBody) -> Response:
    """For a tenant, which becomes known with it, or for an admin. `key` is shown this once."""
    made = keys.add_api_key(call.services.database, body.name, body.tipo, body.cliente_id, call.caller.name)
    call.services.remembered.changed()
    return succeeded({"key": made.key, **made.shown}, 201)


@blueprint.delete("/<int:key_id>", summary="Revoke a key", responses={200: KeyObject, **CHANGE_OF_ONE})
@endpoint(no_tenant, who=callers.admin, command="key revoke")
def revoke_key(call: Call, path: KeyPath) -> Response:
    """No process takes it a second later. One that was revoked before stays so."""
    shown = keys.revoke(call.services.database, path.key_id, call.caller.name)
    call.services.remembered.changed()
    return succeeded(shown)
