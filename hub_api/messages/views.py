"""Calls about messages: list, read, cancel."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_openapi3.models.tag import Tag
from pydantic import TypeAdapter, ValidationError

from hub_api.media.handing_out import BYTES, hand_out
from hub_api.media.opening import Opened, opened
from hub_api.messages import history
from hub_api.messages import service as messages
from hub_api.messages.bodies import MessagePath, MessagesQuery, OneMessageQuery
from hub_api.messages.csv_page import csv_answer
from hub_api.messages.history import MessageFilter
from hub_api.messages.objects import MessageList, MessageObject
from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import IdempotencyKey, TenantPath, canonical, group_id
from hub_api.web.tenant import in_url
from shared.errors import MediaNotAvailable, NotFound, ValidationFailed
from shared.instant import from_iso, now_ms
from shared.logs import get_logger
from shared.transitions.message import Lane

_log = get_logger(__name__)

blueprint = Blueprint(
    "messages", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="messages")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}
_KEY: TypeAdapter[str] = TypeAdapter(IdempotencyKey)


@blueprint.get("/messages", summary="Messages, newest first", responses={200: MessageList, **_COMMON})
@endpoint(in_url)
def list_messages(call: Call, path: TenantPath, query: MessagesQuery) -> Response:
    """What is on record, a second behind what happens. `Accept: text/csv` gives a table, its next page in `Link`."""
    services = call.services
    wanted = MessageFilter(
        status=query.status,
        to=None if query.to is None else group_id(query.to) or canonical(query.to, call.profile.country),
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
    fields = messages.as_it_is_now(call.services, message).to_object(call.language)
    if query.events:
        fields["events"] = history.events_of(call.services.database, message.message_id)
    return succeeded(fields)


@blueprint.get(
    "/messages/<string:message_id>/media",
    summary="The bytes of a message that we send",
    responses={200: BYTES, 206: BYTES, 416: Failure, 429: Failure, **_COMMON},
)
@endpoint(in_url)
def read_media(call: Call, path: MessagePath) -> Response:
    """As an attachment, of the type that its content showed, as long as the message is kept. `Range` (one) and
    `If-None-Match` are heeded; `ETag` is the SHA-256."""
    return hand_out(call, lambda: _file_of(call, path.message_id))


def _file_of(call: Call, message_id: str) -> Opened:
    content = messages.find(call.services, call.cliente_id, message_id).content
    media = content.media
    if media is None:
        raise NotFound()
    kind = content.type.value
    try:
        return opened(call.services, call.cliente_id, media.sha256, kind, media.mime_type, media.file_name)
    except FileNotFoundError:
        _log.error("media.file_missing", cliente_id=call.cliente_id, sha256=media.sha256)
        raise MediaNotAvailable(details={"media": {"status": "failed", "error": "MEDIA_FILE_MISSING"}}) from None


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
