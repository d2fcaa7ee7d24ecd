"""Calls that do something to a message: react, edit, delete for everyone; and one that says what came of it."""

from __future__ import annotations

from typing import Any

import redis
from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.acts import service as acts
from hub_api.acts.bodies import ActPath, ActWaitQuery, EditBody, ReactBody, TargetPath
from hub_api.acts.objects import ActObject, act_object
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.tenant import in_url
from shared.instant import now_ms
from shared.logs import get_logger
from shared.protocol.acts import OPEN_ACTS, Act, ActEntry, ActKind

_log = get_logger(__name__)

blueprint = Blueprint("acts", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="messages")])
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}
_ASKED: Any = {200: ActObject, 202: ActObject, **_COMMON, 409: Failure}


@blueprint.post("/messages/<string:message_id>/react", summary="React to a message", responses=_ASKED)
@endpoint(in_url, command="react")
def react(call: Call, path: TargetPath, query: ActWaitQuery, body: ReactBody) -> Response:
    """To one of ours, or to one that came in. 202 once it is on record; `?wait=` answers 200 with the outcome."""
    asked = acts.new_act(call.cliente_id, ActKind.REACTION, now_ms(), emoji=body.emoji)
    return _asked(call, path.message_id, asked, query.wait)


@blueprint.patch("/messages/<string:message_id>", summary="Edit a message", responses=_ASKED)
@endpoint(in_url, command="edit")
def edit(call: Call, path: TargetPath, query: ActWaitQuery, body: EditBody) -> Response:
    """The text, or of media the caption, of one of ours. 409 `TOO_LATE` once WhatsApp's time for it is over."""
    asked = acts.new_act(call.cliente_id, ActKind.EDIT, now_ms(), text=body.message.strip())
    return _asked(call, path.message_id, asked, query.wait)


@blueprint.delete("/messages/<string:message_id>", summary="Delete a message for everyone", responses=_ASKED)
@endpoint(in_url, command="delete")
def delete(call: Call, path: TargetPath, query: ActWaitQuery) -> Response:
    """One of ours, on the recipient's phone too. 409 `TOO_LATE` once WhatsApp's time for it is over."""
    asked = acts.new_act(call.cliente_id, ActKind.DELETION, now_ms())
    return _asked(call, path.message_id, asked, query.wait)


@blueprint.get("/acts/<string:act_id>", summary="What came of a reaction, an edit or a deletion", responses=_ASKED)
@endpoint(in_url)
def read_act(call: Call, path: ActPath) -> Response:
    """As it stands now. Those of our messages are in their history, too."""
    return succeeded(act_object(acts.read(call.services, call.cliente_id, path.act_id), call.language))


def _asked(call: Call, named: str, asked: Act, seconds: float) -> Response:
    language = call.language  # asked before anything is on record
    entry = acts.ask(call.services, call.cliente_id, named, asked, language)
    if seconds > 0:
        entry = _waited_for(call, entry, seconds)
    return succeeded(act_object(entry, language), 202 if entry.status in OPEN_ACTS else 200)


def _waited_for(call: Call, entry: ActEntry, seconds: float) -> ActEntry:
    """The act once it has ended, or as it is known where time is up, nobody may wait, or Redis went away."""
    try:
        with call.services.waiting.place_if_free(call.cliente_id) as place:
            return acts.until_ended(call.services, entry, seconds, place)
    except redis.RedisError as error:  # it is on record: what comes of it can be asked later
        _log.warning("wait.broken_off", act_id=entry.act.act_id, reason=type(error).__name__)
        return entry
