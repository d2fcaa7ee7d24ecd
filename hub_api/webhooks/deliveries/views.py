"""Deliveries over REST."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.inputs import Body
from hub_api.web.tenant import named_or_all
from hub_api.webhooks.deliveries import service
from hub_api.webhooks.deliveries.bodies import DeliveriesQuery, ReplayBody
from hub_api.webhooks.deliveries.objects import DeliveryList, DeliveryObject, Replayed
from hub_api.webhooks.deliveries.service import DeliveryFilter
from hub_api.webhooks.endpoints.bodies import WebhookPath
from hub_api.webhooks.endpoints.views import CHANGE, COMMON, ONE
from shared.instant import from_iso

CHANGE_OF_STATE: Any = {**CHANGE, 409: Failure}

blueprint = Blueprint("deliveries", __name__, url_prefix="/api/webhooks", abp_tags=[Tag(name="webhooks")])


@blueprint.get(f"{ONE}/deliveries", summary="Deliveries", responses={200: DeliveryList, **COMMON})
@endpoint(named_or_all)
def list_deliveries(call: Call, path: WebhookPath, query: DeliveriesQuery) -> Response:
    """Newest first, each with its attempts: when, the code, how long it took, how the answer begins."""
    wanted = DeliveryFilter(query.status, query.type, _ms(query.from_), _ms(query.until))
    return listed(
        *service.listed(call.services.database, call.cliente_id, path.webhook_id, wanted, query.cursor, query.limit)
    )


@blueprint.post(f"{ONE}/test", summary="Test a webhook", responses={202: DeliveryObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, body=Body(optional=True), command="webhook test")
def test(call: Call, path: WebhookPath) -> Response:
    """Delivers `webhook.test`, whatever types the webhook asked for; the deliveries show what came of it."""
    return succeeded(service.test(call.services.database, call.cliente_id, path.webhook_id, call.caller.name), 202)


@blueprint.post(f"{ONE}/replay", summary="Deliver again", responses={202: Replayed, **CHANGE_OF_STATE})
@endpoint(named_or_all, command="webhook replay")
def replay(call: Call, path: WebhookPath, body: ReplayBody) -> Response:
    """One, all of a span of time, or all that failed since a moment: tried anew at once, under the same ids."""
    place = call.services.database, call.cliente_id, path.webhook_id
    who, from_ms, until_ms, since_ms = call.caller.name, _ms(body.from_), _ms(body.until), _ms(body.failed_since)
    if body.delivery_id is not None:
        count = service.replay_one(*place, body.delivery_id, who)
    elif from_ms is not None and until_ms is not None:
        count = service.replay_span(*place, from_ms, until_ms, who)
    else:
        count = service.replay_failed(*place, since_ms or 0, who)
    return succeeded({"replayed": count}, 202)


def _ms(moment: str | None) -> int | None:
    return None if moment is None else from_iso(moment)
