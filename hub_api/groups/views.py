"""Calls about groups."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.groups import service as groups
from hub_api.groups.bodies import GroupPath
from hub_api.groups.objects import GroupList, GroupObject, group_object, participants_of
from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.tenant import in_url

blueprint = Blueprint(
    "groups", __name__, url_prefix="/api/whatsapp/<string:cliente_id>/groups", abp_tags=[Tag(name="groups")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 502: Failure, 503: Failure, 504: Failure}


@blueprint.get("", summary="Groups that the number is in", responses={200: GroupList, **_COMMON})
@endpoint(in_url)
def list_groups(call: Call, path: TenantPath) -> Response:
    """By name, from the live session, at most a minute old: 503 where it is not READY."""
    found = groups.listed(call.services, call.cliente_id, call.language)
    return listed([group_object(call.cliente_id, one) for one in found], None)


@blueprint.get("/<string:group_id>", summary="One group with its participants", responses={200: GroupObject, **_COMMON})
@endpoint(in_url)
def read_group(call: Call, path: GroupPath) -> Response:
    """404 where the number is not in it."""
    group = groups.read(call.services, call.cliente_id, path.group_id, call.language)
    return succeeded({**group_object(call.cliente_id, group), "participants": participants_of(group)})
