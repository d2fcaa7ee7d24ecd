"""The opt-out list over REST."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.campaigns import tenant
from hub_api.campaigns.bodies import OptOutBody, OptOutPath, PageQuery
from hub_api.campaigns.objects import Done, OptOutList, OptOutsAdded
from hub_api.campaigns.optouts.service import OptOuts
from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import canonical
from hub_api.web.tenant import named

blueprint = Blueprint("optouts", __name__, url_prefix="/api/optouts", abp_tags=[Tag(name="optouts")])
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}
_CHANGE: Any = {**_COMMON, 413: Failure, 415: Failure}


def _optouts(call: Call) -> OptOuts:
    return OptOuts(call.services.database, call.services.client, call.services.keys)


def _country(call: Call) -> str:
    with call.services.database.reading() as session:
        return tenant.rules(session, call.cliente_id, call.services.settings).country


@blueprint.get("", summary="Numbers that asked not to be written to", responses={200: OptOutList, **_COMMON})
@endpoint(named)
def list_optouts(call: Call, query: PageQuery) -> Response:
    """Newest first."""
    return listed(*_optouts(call).listed(call.cliente_id, query.cursor, query.limit))


@blueprint.post("", summary="Add numbers", responses={201: OptOutsAdded, **_CHANGE})
@endpoint(named, command="optout add")
def add(call: Call, body: OptOutBody) -> Response:
    """Binds campaigns and bulk at once, also what is queued; single messages unless they answer someone."""
    country = _country(call)
    numbers = list(dict.fromkeys(canonical(number, country, "numbers") for number in body.numbers))
    added = _optouts(call).add(call.cliente_id, numbers, call.caller.name, body.note)
    return succeeded({"added": added, "numbers": numbers}, 201)


@blueprint.delete("/<string:number>", summary="Take a number off", responses={200: Done, **_CHANGE})
@endpoint(named, command="optout remove")
def remove(call: Call, path: OptOutPath) -> Response:
    """It may be written to again."""
    _optouts(call).remove(call.cliente_id, canonical(path.number, _country(call), "number"), call.caller.name)
    return succeeded({})
