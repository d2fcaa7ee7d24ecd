"""Tenants over REST, for admins."""

from __future__ import annotations

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.accounts.tenants import service as tenants
from hub_api.accounts.tenants.bodies import NewTenantBody, TenantBody
from hub_api.accounts.tenants.objects import TenantList, TenantObject
from hub_api.accounts.web import CHANGE, CHANGE_OF_ONE, COMMON, ONE, PageQuery, following, place_of
from hub_api.web import callers
from hub_api.web.answers import listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.tenant import in_url, no_tenant

blueprint = Blueprint("tenants", __name__, url_prefix="/api/tenants", abp_tags=[Tag(name="tenants")])


@blueprint.get("", summary="Tenants", responses={200: TenantList, **COMMON})
@endpoint(no_tenant, who=callers.admin)
def list_tenants(call: Call, query: PageQuery) -> Response:
    """All of them, by cliente_id."""
    found = tenants.listed(call.services, place_of(query.cursor), query.limit + 1)
    return listed(found[: query.limit], following([one["cliente_id"] for one in found], query.limit))


@blueprint.post("", summary="Add a tenant", responses={201: TenantObject, **CHANGE})
@endpoint(no_tenant, who=callers.admin, command="tenant create")
def create_tenant(call: Call, body: NewTenantBody) -> Response:
    """Users and keys may be made for it, and it may connect its phone."""
    return succeeded(tenants.create(call.services, body.cliente_id, body.given(), call.caller.name), 201)


@blueprint.get("/<string:cliente_id>", summary="One tenant", responses={200: TenantObject, **ONE})
@endpoint(in_url, who=callers.admin)
def read_tenant(call: Call, path: TenantPath) -> Response:
    """Its profile as it is in force."""
    return succeeded(tenants.find(call.services, call.cliente_id))


@blueprint.patch("/<string:cliente_id>", summary="Change a tenant", responses={200: TenantObject, **CHANGE_OF_ONE})
@endpoint(in_url, who=callers.admin, command="tenant change")
def change_tenant(call: Call, path: TenantPath, body: TenantBody) -> Response:
    """Acts within a second. `suspended` stops its session, which keeps its login; resuming it undoes that."""
    tenants.edit(call.services, call.cliente_id, body.given(), body.suspended, call.caller.name)
    return succeeded(tenants.find(call.services, call.cliente_id))
