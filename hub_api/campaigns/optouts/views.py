"""The opt-out list over REST."""

from __future__ import annotations

import re

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.campaigns.bodies import PageQuery
from hub_api.campaigns.optouts.bodies import OptOutBody, OptOutPath, SettleBody
from hub_api.campaigns.optouts.objects import OptOutList, OptOutsAdded, UnattributedList
from hub_api.campaigns.optouts.service import OptOuts
from hub_api.campaigns.optouts.unattributed import Unattributed
from hub_api.campaigns.web import CHANGE, COMMON
from hub_api.web.answers import Done, listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import canonical
from hub_api.web.tenant import named
from shared.errors import InvalidTo
from shared.recipient_key import recipient_key

_WHATSAPPS_DIGITS = re.compile(r"[1-9][0-9]{4,14}")

blueprint = Blueprint("optouts", __name__, url_prefix="/api/optouts", abp_tags=[Tag(name="optouts")])


@blueprint.get("", summary="Numbers that asked not to be written to", responses={200: OptOutList, **COMMON})
@endpoint(named)
def list_optouts(call: Call, query: PageQuery) -> Response:
    """Newest first."""
    return listed(*OptOuts(call.services).listed(call.cliente_id, query.cursor, query.limit))


@blueprint.post("", summary="Add numbers", responses={201: OptOutsAdded, **CHANGE})
@endpoint(named, command="optout add")
def add(call: Call, body: OptOutBody) -> Response:
    """Binds campaigns and bulk at once, also what is queued; single messages unless they answer someone."""
    country = call.profile.country
    by_key: dict[str, str] = {}
    for given in body.numbers:
        number = canonical(given, country, "numbers")
        by_key.setdefault(recipient_key(number), number)
    numbers = list(by_key.values())
    added = OptOuts(call.services).add(call.cliente_id, numbers, call.caller.name, body.note)
    return succeeded({"added": added, "numbers": numbers}, 201)


@blueprint.get(
    "/unattributed", summary="Who asked, by a number that nobody knows", responses={200: UnattributedList, **COMMON}
)
@endpoint(named)
def list_unattributed(call: Call, query: PageQuery) -> Response:
    """Newest first. WhatsApp told an address without a number; nothing leaves to that chat, whatever its number."""
    return listed(*Unattributed(call.services).listed(call.cliente_id, query.cursor, query.limit))


@blueprint.post("/unattributed", summary="Say whose address it is", responses={200: Done, **CHANGE})
@endpoint(named, command="optout settle")
def settle(call: Call, body: SettleBody) -> Response:
    """The number goes on the list. Without one the entry goes, and the chat may be written to again."""
    number = None if body.number is None else canonical(body.number, call.profile.country, "number")
    Unattributed(call.services).settle(call.cliente_id, body.address, number, call.caller.name)
    return succeeded({})


@blueprint.delete("/<string:number>", summary="Take a number off", responses={200: Done, **CHANGE})
@endpoint(named, command="optout remove")
def remove(call: Call, path: OptOutPath) -> Response:
    """It may be written to again."""
    OptOuts(call.services).remove(call.cliente_id, _listed(path.number, call.profile.country), call.caller.name)
    return succeeded({})


def _listed(number: str, country: str) -> str:
    """A number as the list may have it: WhatsApp itself tells some that no numbering plan knows. Raises InvalidTo."""
    try:
        return canonical(number, country, "number")
    except InvalidTo:
        if _WHATSAPPS_DIGITS.fullmatch(number):
            return number
        raise
