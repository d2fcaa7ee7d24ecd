"""Calls about what persons decide, and the report of all messages."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.messages.bodies import MessagePath
from hub_api.messages.objects import MessageObject
from hub_api.review import service as review
from hub_api.review.bodies import HeldBody, ResolveBody
from hub_api.review.objects import HeldDone, HeldList, MessageReport
from hub_api.web.answers import Failure, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.tenant import in_url
from shared.instant import now_ms
from shared.transitions.message import MessageStatus

blueprint = Blueprint(
    "review", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="messages")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.post(
    "/messages/<string:message_id>/resolve",
    summary="Resolve an uncertain message",
    responses={200: MessageObject, **_COMMON, 409: Failure},
)
@endpoint(in_url, command="resolve")
def resolve(call: Call, path: MessagePath, body: ResolveBody) -> Response:
    """A person looked: it was sent, it was not, or it is to be sent again (within 24 h).

    A repeated call is 200; 409 `NOT_CANCELLABLE` where the message is not uncertain, its `status` in `details`.
    """
    outcome = MessageStatus(body.outcome)
    message = review.resolve(call.services, call.cliente_id, path.message_id, outcome, call.caller.name, now_ms())
    return succeeded(message.to_object(call.language))


@blueprint.get("/held", summary="Messages held for a person", responses={200: HeldList, **_COMMON})
@endpoint(in_url)
def list_held(call: Call, path: TenantPath) -> Response:
    """They were accepted while another phone was paired; they still expire."""
    found, total = review.held(call.services, call.cliente_id)
    items = [message.to_object(call.language) for message in found]
    return succeeded({"items": items, "next": None, "total": total})


@blueprint.post("/held", summary="Release or cancel held messages", responses={200: HeldDone, **_COMMON})
@endpoint(in_url, command="held")
def decide_held(call: Call, path: TenantPath, body: HeldBody) -> Response:
    """Released ones go out through the phone that is paired now."""
    return succeeded(
        review.decide_held(call.services, call.cliente_id, body.action, body.message_ids, call.caller.name, now_ms())
    )


@blueprint.get("/report", summary="What became of all messages", responses={200: MessageReport, **_COMMON})
@endpoint(in_url)
def read_report(call: Call, path: TenantPath) -> Response:
    """accepted = sent + failed + cancelled + expired + uncertain + open; anything else is a defect and alarms."""
    return succeeded(review.report(call.services, call.cliente_id))
