"""Calls about events as they are recorded: streams, and tickets that open them."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any, cast

from flask import Flask, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from flask_openapi3.models.tag import Tag
from pydantic import TypeAdapter, ValidationError

from hub_api.live import tickets
from hub_api.live.bodies import EventId, StreamQuery
from hub_api.live.handover import Handover
from hub_api.live.objects import TicketObject
from hub_api.live.streaming import frames
from hub_api.live.streaming.stream import Subscription
from hub_api.live.streaming.streams import Streams
from hub_api.public_events import log, numbers
from hub_api.public_events.log import Wanted
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import ON_ATTACH, Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.tenant import in_url, no_tenant
from shared.errors import ValidationFailed
from shared.instant import now_ms

blueprint = Blueprint("events", __name__, url_prefix="/api", abp_tags=[Tag(name="events")])

_STREAMS = "streams"
_RETRY_MS = 2_000
_HOUR_MS = 3_600_000
_EVENT_ID: TypeAdapter[str] = TypeAdapter(EventId)
_STREAM: Any = {
    "description": "Server-sent events, until the caller leaves or its credentials end",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 429: Failure, 503: Failure}


def _register(state: BlueprintSetupState) -> None:
    state.app.extensions[ON_ATTACH].append(_make_streams)


def _make_streams(app: Flask) -> None:
    app.extensions[_STREAMS] = Streams(app.extensions["services"], app.extensions["directory"])


blueprint.record_once(_register)


@blueprint.get(
    "/whatsapp/<string:cliente_id>/events",
    summary="Events of a tenant as they are recorded",
    responses={200: _STREAM, **_COMMON, 404: Failure},
)
@endpoint(in_url, who=tickets.caller_of_stream)
def follow_tenant(call: Call, path: TenantPath, query: StreamQuery) -> Response:
    """Server-sent events, each with its `id`; `Last-Event-ID` begins after one of them, and none is left out.

    Without it the stream begins now. `event: gap` comes first where what followed may be forgotten by now.
    """
    return _opened(call, query, call.cliente_id)


@blueprint.get("/events", summary="Events of all tenants", responses={200: _STREAM, **_COMMON})
@endpoint(no_tenant, who=tickets.admin_of_stream)
def follow_all(call: Call, query: StreamQuery) -> Response:
    """As for one tenant; for admins."""
    return _opened(call, query, None)


@blueprint.post(
    "/events/ticket", summary="A ticket that opens one stream", responses={201: TicketObject, **_COMMON, 413: Failure}
)
@endpoint(no_tenant, command="event_ticket")
def issue_ticket(call: Call) -> Response:
    """For an EventSource, which sends no headers: `?ticket=` in place of a token, good once and for a minute.

    What it opens ends when the credentials do that it was issued to.
    """
    return succeeded({"ticket": tickets.issue(call.services, call.caller), "expires_in": tickets.LIVES_S}, 201)


def _opened(call: Call, query: StreamQuery, cliente_id: int | None) -> Response:
    streams = cast(Streams, current_app.extensions[_STREAMS])
    streams.require_place(cliente_id)
    last_id, database = _last_event_id(query), call.services.database
    kept_since = now_ms() - call.services.settings.events_kept_hours * _HOUR_MS
    subscription = Subscription(
        caller=call.caller,
        wanted=Wanted(cliente_id, query.wanted_types),
        # Asked before the head is sent: what is recorded once the caller has it is told.
        after=log.newest(database) if last_id is None else numbers.read(last_id),
        gap=last_id is not None and numbers.time_ms(numbers.read(last_id)) < kept_since,
        chunked=request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1",
    )
    connection: socket.socket | None = request.environ.get("gunicorn.socket")
    body = Handover(frames.beginning(_RETRY_MS), connection, partial(streams.adopt, subscription))
    answer = Response(body, mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"  # a proxy of nginx' kind passes on at once
    return answer


def _last_event_id(query: StreamQuery) -> str | None:
    """Of the header, which a browser sends when it connects again by itself; else of the query."""
    header = request.headers.get("Last-Event-ID")
    if not header:
        return query.last_event_id
    try:
        return _EVENT_ID.validate_python(header)
    except ValidationError:
        raise ValidationFailed(details={"Last-Event-ID": "the id of an event"}) from None
