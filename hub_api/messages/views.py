"""Calls about messages: send, list, read, cancel."""

from __future__ import annotations

from typing import Any

import redis
from flask import Response, request
from flask_openapi3.models.tag import Tag
from pydantic import TypeAdapter, ValidationError

from hub_api.messages import history
from hub_api.messages import service as messages
from hub_api.messages.bodies import MessagePath, MessagesQuery, OneMessageQuery, SendBody, WaitQuery
from hub_api.messages.csv_page import csv_answer
from hub_api.messages.history import MessageFilter
from hub_api.messages.objects import MessageList, MessageObject
from hub_api.messages.service import SendRequest
from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import IdempotencyKey, TenantPath, canonical
from hub_api.web.tenant import in_url
from shared.errors import ValidationFailed
from shared.instant import from_iso, now_ms
from shared.ledger.message import Message
from shared.logs import get_logger
from shared.transitions.message import Lane

_log = get_logger(__name__)

blueprint = Blueprint(
    "messages", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="messages")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}
_KEY: TypeAdapter[str] = TypeAdapter(IdempotencyKey)


@blueprint.post(
    "/messages",
    summary="Send a message",
    responses={200: MessageObject, 202: MessageObject, **_COMMON, 409: Failure, 413: Failure, 429: Failure},
)
@endpoint(in_url, command="send")
def send(call: Call, path: TenantPath, query: WaitQuery, body: SendBody) -> Response:
    """202 once it is kept; `?wait=` answers 200 once WhatsApp's server has it, else 202: the message goes on.

    `Idempotency-Key`, header or field, makes a repeated call answer with the first message. A failure with
    `certain: false` names the `idempotency_key` with which the call can be made again without doubling the message.
    """
    asked = SendRequest(
        to=body.to,
        text=body.message,
        wake=body.on_not_ready == "queue",
        expires_at=body.expires_at,
        idempotency_key=idempotency_key(body.idempotency_key),
    )
    language = call.language  # asked before anything is accepted
    accepted = messages.send_text(call.services, call.cliente_id, asked, now_ms())
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


@blueprint.get("/messages", summary="Messages, newest first", responses={200: MessageList, **_COMMON})
@endpoint(in_url)
def list_messages(call: Call, path: TenantPath, query: MessagesQuery) -> Response:
    """What is on record, a second behind what happens. `Accept: text/csv` gives a table, its next page in `Link`."""
    services = call.services
    wanted = MessageFilter(
        status=query.status,
        to=None if query.to is None else canonical(query.to, call.profile.country),
        lane=None if query.lane is None else Lane.from_wire(query.lane),
        campaign_id=query.campaign,
        from_ms=None if query.from_ is None else from_iso(query.from_),
        until_ms=None if query.until is None else from_iso(query.until),
    )
    found, following = history.page(services.database, call.cliente_id, wanted, query.cursor, query.limit)
    objects = [message.to_object(call.language) for message in found]
    if request.accept_mimetypes.best_match(["application/json", "text/csv"], "application/json") == "text/csv":
        return csv_answer(objects, following, request.base_url, request.args.to_dict())
    return listed(objects, following)


@blueprint.get("/messages/<string:message_id>", summary="One message", responses={200: MessageObject, **_COMMON})
@endpoint(in_url)
def read_message(call: Call, path: MessagePath, query: OneMessageQuery) -> Response:
    """As it stands now; `?events=true` with its history."""
    message = messages.find(call.services, call.cliente_id, path.message_id)
    fields = message.to_object(call.language)
    if query.events:
        fields["events"] = history.events_of(call.services.database, message.message_id)
    return succeeded(fields)


@blueprint.post(
    "/messages/<string:message_id>/cancel",
    summary="Cancel a queued message",
    responses={200: MessageObject, **_COMMON, 409: Failure},
)
@endpoint(in_url, command="cancel")
def cancel(call: Call, path: MessagePath) -> Response:
    """200 if it was still queued, else 409. A message that was cancelled before stays so: 200."""
    message = messages.cancel(call.services, call.cliente_id, path.message_id, now_ms())
    return succeeded(message.to_object(call.language))


def idempotency_key(field: str | None) -> str | None:
    """The key of header or field; where both stand they must agree. Raises ValidationFailed."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return field
    try:
        _KEY.validate_python(header)
    except ValidationError:
        raise ValidationFailed(details={"Idempotency-Key": "1 to 200 printable ASCII characters"}) from None
    if field is not None and field != header:
        raise ValidationFailed(details={"idempotency_key": "header and field disagree"})
    return header
