"""Endpoints over REST."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.web.answers import Done, Failure, listed, succeeded
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.inputs import Body
from hub_api.web.tenant import named, named_or_all
from hub_api.webhooks.endpoints import service
from hub_api.webhooks.endpoints.bodies import WebhookBody, WebhookEdit, WebhookPath, WebhooksQuery
from hub_api.webhooks.endpoints.objects import NewWebhookObject, WebhookList, WebhookObject
from shared.errors import ValidationFailed

ONE = "/<string:webhook_id>"
COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}
CHANGE: Any = {**COMMON, 413: Failure, 415: Failure}

blueprint = Blueprint("webhooks", __name__, url_prefix="/api/webhooks", abp_tags=[Tag(name="webhooks")])


@blueprint.get("", summary="Webhooks", responses={200: WebhookList, **COMMON})
@endpoint(named)
def list_webhooks(call: Call, query: WebhooksQuery) -> Response:
    """A tenant's, the oldest first."""
    after = 0 if query.cursor is None else _place(query.cursor)
    found = service.listed(call.services.database, call.cliente_id, after, query.limit + 1)
    following = write_cursor(found[query.limit - 1][0], "webhook") if len(found) > query.limit else None
    return listed([shown for _, shown in found[: query.limit]], following)


@blueprint.post("", summary="New webhook", responses={201: NewWebhookObject, **CHANGE})
@endpoint(named, command="webhook create")
def create(call: Call, body: WebhookBody) -> Response:
    """Whatever happens from now on is posted to `url`, signed by `secret`, which is shown this once."""
    made = service.create(
        call.services.database,
        call.cliente_id,
        body.url,
        body.events,
        body.headers,
        call.caller.name,
        active=body.active,
    )
    return succeeded(made, 201)


@blueprint.get(ONE, summary="One webhook", responses={200: WebhookObject, **COMMON})
@endpoint(named_or_all)
def read(call: Call, path: WebhookPath) -> Response:
    """Without its secret."""
    return succeeded(service.read(call.services.database, call.cliente_id, path.webhook_id))


@blueprint.patch(ONE, summary="Edit a webhook", responses={200: WebhookObject, **CHANGE})
@endpoint(named_or_all, command="webhook edit")
def edit(call: Call, path: WebhookPath, body: WebhookEdit) -> Response:
    """What is left out stays. `active: true` lets one that was disabled begin anew; `false` gives up what waits."""
    changes = body.model_dump(include=body.model_fields_set - {"cliente_id"})
    wrong = [name for name, value in changes.items() if value is None and name != "events"]
    if wrong:
        raise ValidationFailed(details=dict.fromkeys(wrong, "must not be null"))
    return succeeded(service.edit(call.services.database, call.cliente_id, path.webhook_id, changes, call.caller.name))


@blueprint.delete(ONE, summary="Delete a webhook", responses={200: Done, **CHANGE})
@endpoint(named_or_all, command="webhook delete")
def remove(call: Call, path: WebhookPath) -> Response:
    """With all of its deliveries."""
    service.remove(call.services.database, call.cliente_id, path.webhook_id, call.caller.name)
    return succeeded({})


@blueprint.post(f"{ONE}/rotate-secret", summary="Another secret", responses={200: NewWebhookObject, **CHANGE})
@endpoint(named_or_all, body=Body(optional=True), command="webhook rotate-secret")
def rotate_secret(call: Call, path: WebhookPath) -> Response:
    """`secret` is shown this once. For 24 h deliveries are signed by it and by the one before."""
    return succeeded(service.rotate_secret(call.services.database, call.cliente_id, path.webhook_id, call.caller.name))


def _place(cursor: str) -> int:
    place, kind = read_cursor(cursor)
    if kind != "webhook":
        raise ValidationFailed(details={"cursor": "not one of this list"})
    return place
