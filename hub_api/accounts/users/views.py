"""Users over REST, for admins."""

from __future__ import annotations

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.accounts.users import service as users
from hub_api.accounts.users.bodies import UserBody, UserChange, UserPath
from hub_api.accounts.users.objects import UserList, UserRecord
from hub_api.accounts.web import CHANGE, CHANGE_OF_ONE, COMMON, PageQuery, following, place_of
from hub_api.web import callers
from hub_api.web.answers import Done, listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.tenant import no_tenant
from shared.errors import NotFound

blueprint = Blueprint("users", __name__, url_prefix="/api/users", abp_tags=[Tag(name="users")])


@blueprint.get("", summary="Users", responses={200: UserList, **COMMON})
@endpoint(no_tenant, who=callers.admin)
def list_users(call: Call, query: PageQuery) -> Response:
    """All of them, the oldest first."""
    found = users.listed(call.services.database, place_of(query.cursor), query.limit + 1)
    shown = (one.to_object() for one in found[: query.limit])
    return listed(shown, following([one.id for one in found], query.limit))


@blueprint.post("", summary="Add a user", responses={201: UserRecord, **CHANGE})
@endpoint(no_tenant, who=callers.admin, command="user create")
def create_user(call: Call, body: UserBody) -> Response:
    """A tenant that was not known is from now on."""
    made = users.add_user(
        call.services.database, body.usuario, body.password, body.tipo, body.cliente_id, call.caller.name
    )
    call.services.remembered.changed()
    return succeeded(made.to_object(), 201)


@blueprint.patch("/<string:usuario>", summary="Change a user", responses={200: UserRecord, **CHANGE_OF_ONE})
@endpoint(no_tenant, who=callers.admin, command="user change")
def change_user(call: Call, path: UserPath, body: UserChange) -> Response:
    """A new password, or disabling: the user's tokens end within a second. The last admin can't be disabled."""
    database, who = call.services.database, call.caller.name
    changed = users.find_user(database, path.usuario)
    if changed is None:
        raise NotFound()
    try:
        if body.disabled is not None:
            changed = users.set_disabled(database, path.usuario, body.disabled, who)
        if body.password is not None:
            changed = users.set_password(database, path.usuario, body.password, who)
    finally:
        call.services.remembered.changed()
    return succeeded(changed.to_object())


@blueprint.delete("/<string:usuario>", summary="Delete a user", responses={200: Done, **CHANGE_OF_ONE})
@endpoint(no_tenant, who=callers.admin, command="user delete")
def delete_user(call: Call, path: UserPath) -> Response:
    """Its tokens end within a second. The last admin can't be deleted."""
    users.delete_user(call.services.database, path.usuario, call.caller.name)
    call.services.remembered.changed()
    return succeeded({})
