"""What persons settle, and the report of all messages (CONTRACT sections 3 and 4)."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from hub_api.messages.bodies import MessagePath
from hub_api.messages.objects import MessageObject
from hub_api.repair import imbalance as balances
from hub_api.review import service as settling
from hub_api.review.bodies import HeldBody, SettleBody
from hub_api.review.objects import HeldDone, HeldList, MessageReport
from hub_api.web.answers import succeeded
from hub_api.web.endpoint import Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.objects import Failure
from shared.instant import now_ms
from shared.transitions.message import MessageStatus

blueprint = APIBlueprint(
    "settling", __name__, url_prefix="/api/whatsapp/<string:cliente_id>", abp_tags=[Tag(name="messages")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.post(
    "/messages/<string:message_id>/settle",
    summary="Settle an uncertain message",
    responses={200: MessageObject, **_COMMON, 409: Failure},
)
@endpoint(command="settle")
def settle(call: Call, path: MessagePath, body: SettleBody) -> Response:
    """A person looked: it was sent, it was not, or it is to be sent again (within 24 h).

    A repeated call is 200; 409 `NOT_CANCELLABLE` where the message is not uncertain, its `status` in `details`.
    """
    message = settling.settle(
        call.services, call.cliente_id, path.message_id, MessageStatus(body.status), call.caller.name, now_ms()
    )
    return succeeded(message.to_object(call.services.language))


@blueprint.get("/held", summary="Messages held for a person", responses={200: HeldList, **_COMMON})
@endpoint()
def list_held(call: Call, path: TenantPath) -> Response:
    """They were accepted while another phone was paired; they still expire."""
    found, total = settling.held(call.services, call.cliente_id)
    items = [message.to_object(call.services.language) for message in found]
    return succeeded({"items": items, "next": None, "total": total})


@blueprint.post("/held", summary="Release or cancel held messages", responses={200: HeldDone, **_COMMON})
@endpoint(command="held")
def decide_held(call: Call, path: TenantPath, body: HeldBody) -> Response:
    """Released ones go out through the phone that is paired now."""
    return succeeded(
        settling.decide_held(call.services, call.cliente_id, body.action, body.message_ids, call.caller.name, now_ms())
    )


@blueprint.get("/report", summary="What became of all messages", responses={200: MessageReport, **_COMMON})
@endpoint()
def read_report(call: Call, path: TenantPath) -> Response:
    """accepted = sent + failed + cancelled + expired + uncertain + open; anything else is a defect and alarms."""
    return succeeded(balances.report(call.services.database, call.services.ledger, call.cliente_id))
