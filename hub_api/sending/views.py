"""The call that sends a message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import redis
from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.messages import service as messages
from hub_api.messages.bodies import WaitQuery
from hub_api.messages.objects import MessageObject
from hub_api.messages.views import idempotency_key
from hub_api.sending.bodies import SendBody
from hub_api.sending.taking import request_of
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.tenant import in_url
from shared.instant import now_ms
from shared.ledger.message import Message
from shared.logs import get_logger

_log = get_logger(__name__)

blueprint = Blueprint(
    "sending", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="messages")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.post(
    "/messages",
    summary="Send a message",
    responses={200: MessageObject, 202: MessageObject, **_COMMON, 409: Failure, 413: Failure, 429: Failure},
)
@endpoint(in_url, command="send")
def send(call: Call, path: TenantPath, query: WaitQuery, body: SendBody) -> Response:
    """202 once it is kept; `?wait=` answers 200 once WhatsApp's server has it, else 202: the message goes on.

    What is sent is told apart by `type`; without one it is a text.
    `Idempotency-Key`, header or field, makes a repeated call answer with the first message. A failure with
    `certain: false` names the `idempotency_key` with which the call can be made again without doubling the message.
    """
    key, language = idempotency_key(body.root.idempotency_key), call.language  # asked before anything is accepted
    asked = request_of(call.services, call.cliente_id, body.root, now_ms())
    accepted = messages.send_text(call.services, call.cliente_id, replace(asked, idempotency_key=key), now_ms())
    message = accepted.message
    if query.wait > 0:
        message = _waited_for(call, message, query.wait)
    fields = message.to_object(language)
    if accepted.duplicate:
        fields["duplicate"] = True
    return succeeded(fields, 200 if query.wait > 0 and messages.is_out(message) else 202)


def _waited_for(call: Call, message: Message, seconds: float) -> Message:
    """The message once it has ended, or as it is known where time is up, nobody may wait, or Redis went away."""
    try:
        with call.services.waiting.place_if_free(call.cliente_id) as place:
            return messages.until_ended(call.services, message, seconds, place)
    except redis.RedisError as error:  # it is accepted: a failure now would make the caller send it again
        _log.warning("wait.broken_off", message_id=message.message_id, reason=type(error).__name__)
        return message
