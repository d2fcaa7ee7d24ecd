"""The call that sends a message."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import redis
from flask import Response, request
from flask_openapi3.models.tag import Tag

from hub_api.media.sources.form import ReceivedForm, receiving
from hub_api.messages import service as messages
from hub_api.messages.bodies import WaitQuery
from hub_api.messages.objects import MessageObject
from hub_api.messages.service import SendRequest
from hub_api.messages.views import idempotency_key
from hub_api.sending.bodies import AnyContent, SendBody
from hub_api.sending.form import body_of
from hub_api.sending.taking import request_of
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.inputs import read_body
from hub_api.web.tenant import in_url, require_same
from shared.instant import now_ms
from shared.ledger.message import Message
from shared.logs import get_logger

_log = get_logger(__name__)

blueprint = Blueprint(
    "sending", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="messages")]
)
_FORM = "multipart/form-data"
_CONTENT = {
    "application/json": {"schema": {"$ref": "#/components/schemas/SendBody"}},
    _FORM: {"schema": {"$ref": "#/components/schemas/SendForm"}},
}
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.post(
    "/messages",
    summary="Send a message",
    responses={
        200: MessageObject,
        202: MessageObject,
        **_COMMON,
        **dict.fromkeys((409, 413, 415, 429), Failure),
    },
    openapi_extensions={"requestBody": {"required": True, "content": _CONTENT}},
)
@endpoint(in_url, command="send")
def send(call: Call, path: TenantPath, query: WaitQuery) -> Response:
    """202 once it is kept; `?wait=` answers 200 once WhatsApp's server has it, else 202: the message goes on.

    What is sent is told apart by `type`; without one it is a text. A file may come with the call itself, as
    `multipart/form-data`: the part `file`, and the other fields as parts of their names.

    `Idempotency-Key`, header or field, makes a repeated call answer with the first message. A failure with
    `certain: false` names the `idempotency_key` with which the call can be made again without doubling the message.
    """
    language = call.language  # asked before anything is accepted
    accepted = messages.send_text(call.services, call.cliente_id, _asked(call), now_ms())
    message = accepted.message
    if query.wait > 0:
        message = _waited_for(call, message, query.wait)
    fields = message.to_object(language)
    if accepted.duplicate:
        fields["duplicate"] = True
    return succeeded(fields, 200 if query.wait > 0 and messages.is_out(message) else 202)


def _asked(call: Call) -> SendRequest:
    """What the body asks for, in whichever form it comes."""
    with ExitStack() as held:
        received: ReceivedForm | None = None
        body: AnyContent
        if request.mimetype == _FORM:
            received = held.enter_context(receiving(call.services, call.cliente_id, request))
            body = body_of(received.fields)
        else:
            body = read_body(request, SendBody).root
        require_same(call, body.cliente_id)
        key = idempotency_key(body.idempotency_key)
        asked = request_of(call.services, call.cliente_id, body, now_ms(), received)
    return replace(asked, idempotency_key=key)


def _waited_for(call: Call, message: Message, seconds: float) -> Message:
    """The message once it has ended, or as it is known where time is up, nobody may wait, or Redis went away."""
    try:
        with call.services.waiting.place_if_free(call.cliente_id) as place:
            return messages.until_ended(call.services, message, seconds, place)
    except redis.RedisError as error:  # it is accepted: a failure now would make the caller send it again
        _log.warning("wait.broken_off", message_id=message.message_id, reason=type(error).__name__)
        return message
