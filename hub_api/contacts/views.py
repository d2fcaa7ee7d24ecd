"""Calls about numbers."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.contacts import service as contacts
from hub_api.contacts.bodies import CheckBody, NumberPath
from hub_api.contacts.objects import CheckedNumbers, Contact, ContactProfile, profile_object
from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath, canonical
from hub_api.web.tenant import in_url
from shared.instant import now_ms

blueprint = Blueprint(
    "contacts", __name__, url_prefix="/api/whatsapp/<string:cliente_id>/contacts", abp_tags=[Tag(name="contacts")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.get(
    "/<string:number>",
    summary="Whether a number is on WhatsApp",
    responses={200: Contact, **_COMMON, 429: Failure, 504: Failure},
)
@endpoint(in_url, command="contact")
def check_contact(call: Call, path: NumberPath) -> Response:
    """`exists` is null where WhatsApp could not be asked. So many new numbers an hour; what is known costs nothing."""
    number = canonical(path.number, call.profile.country, "number")
    found = contacts.check(call.services, call.cliente_id, number, now_ms())
    return succeeded({"number": number, "exists": found.exists, "chat_id": found.chat_id})


@blueprint.post("/check", summary="Which of many numbers are on WhatsApp", responses={200: CheckedNumbers, **_COMMON})
@endpoint(in_url, command="contacts check")
def check_contacts(call: Call, path: TenantPath, body: CheckBody) -> Response:
    """In their order. WhatsApp is asked of new ones, one after the other, so many an hour and for 25 s at most.

    What it was not asked has `exists` null and an `error` (`RATE_LIMITED`, `SESSION_NOT_READY`,
    `SESSION_MANAGER_TIMEOUT`): the same call, later, goes on there. What is no number has `INVALID_TO`.
    """
    found = contacts.check_many(call.services, call.cliente_id, body.numbers, call.profile.country, now_ms())
    items = (
        {
            "number": one.number,
            "exists": one.answer.exists,
            "chat_id": one.answer.chat_id,
            "error": one.error or None,
        }
        for one in found
    )
    return listed(items, None)


@blueprint.get(
    "/<string:number>/profile",
    summary="How somebody shows himself on WhatsApp",
    responses={200: ContactProfile, **_COMMON, 429: Failure, 502: Failure, 504: Failure},
)
@endpoint(in_url, command="profile")
def read_profile(call: Call, path: NumberPath) -> Response:
    """Name, picture, about; null where hidden. 404: not on WhatsApp. Known for an hour; it counts as asking of one."""
    number = canonical(path.number, call.profile.country, "number")
    found = contacts.profile(call.services, call.cliente_id, number, now_ms(), call.language)
    return succeeded(profile_object(number, found))
