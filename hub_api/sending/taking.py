"""From what a caller sends to what the ledger is asked: numbers parsed, the answered message found, the file kept."""

from __future__ import annotations

import json
from dataclasses import replace

from hub_api.accounts.tenants.profiles import require_active
from hub_api.media import outgoing
from hub_api.media.sources.form import ReceivedForm
from hub_api.messages.service import SendRequest, drafted
from hub_api.principal import TenantProfile
from hub_api.sending.bodies import (
    AnyContent,
    CaptionedBody,
    ContactBody,
    LocationBody,
    MediaBody,
    PollBody,
    TextBody,
)
from hub_api.sending.card import contact_card
from hub_api.sending.quoting import quote
from hub_api.services import Services
from hub_api.web.fields import canonical, recipient
from shared.errors import ValidationFailed
from shared.protocol.content import PLAIN, Content, LinkPreview, MediaFile
from shared.protocol.inbound import Place, Poll


def request_of(
    services: Services, cliente_id: int, body: AnyContent, now_ms: int, received: ReceivedForm | None = None
) -> SendRequest:
    """What the body asks for. A file is kept in the store once all else is found good.

    received: the form in which its file came, instead of what it says of it.
    A plain text asks nobody.

    Raises ValidationFailed, InvalidTo, TenantSuspended and NotFound, whose details name the field; what taking a file
    raises (`hub_api.media.outgoing`); redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    request = SendRequest(
        to=body.to,
        text=_text_of(body),
        wake=body.on_not_ready == "queue",
        expires_at=body.expires_at,
        idempotency_key=body.idempotency_key,
    )
    if _is_plain(body):
        return request
    profile = require_active(services, cliente_id)
    drafted(cliente_id, request, now_ms, profile)  # what is wrong with it is told before anything is kept
    content = _content_of(services, cliente_id, body, profile)
    if isinstance(body, MediaBody):
        content = replace(content, media=_file_of(services, cliente_id, body, now_ms, received))
    return replace(request, content=content, told_apart_by=_told_apart_by(body, content))


def _file_of(
    services: Services, cliente_id: int, body: MediaBody, now_ms: int, received: ReceivedForm | None
) -> MediaFile:
    if received is not None:
        return outgoing.take_received(services, cliente_id, body.of, received, now_ms, body.file_name)
    return outgoing.take(services, cliente_id, body.of, body.media, now_ms, body.file_name)


def _is_plain(body: AnyContent) -> bool:
    return (
        type(body) is TextBody
        and body.link_preview is None
        and body.reply_to is None
        and not body.mentions
        and not body.foreign()
    )


def _text_of(body: AnyContent) -> str:
    match body:
        case TextBody():
            return body.message
        case CaptionedBody():
            return body.caption or ""
    return ""


def _content_of(services: Services, cliente_id: int, body: AnyContent, profile: TenantProfile) -> Content:
    """All but the file."""
    if foreign := body.foreign():
        raise ValidationFailed(details=dict.fromkeys(sorted(foreign), f"not of a message of type {body.of}"))
    numbers = [canonical(one, profile.country, f"mentions.{at}") for at, one in enumerate(body.mentions or ())]
    content = Content(body.of, mentions=tuple(dict.fromkeys(numbers)))
    match body:
        case TextBody(link_preview=link) if link is not None:
            if link.url not in body.message:
                raise ValidationFailed(details={"link_preview.url": "does not stand in the message"})
            content = replace(content, link_preview=LinkPreview(link.url, link.title, link.description or ""))
        case LocationBody():
            place = Place(body.latitude, body.longitude, body.name or "", body.address or "")
            content = replace(content, location=place)
        case ContactBody():
            number = canonical(body.phone_number, profile.country, "phone_number")
            content = replace(content, contact=contact_card(body.name, number))
        case PollBody():
            content = replace(content, poll=Poll(body.question, tuple(body.options), body.multiple))
    if body.reply_to is not None:
        found = quote(services, cliente_id, body.reply_to, recipient(body.to, profile))
        content = replace(content, quote=found)
    return content


def _told_apart_by(body: AnyContent, content: Content) -> str:
    """What makes it another message under the same idempotency key: a file by its bytes, wherever they come from and
    whatever it is called there; what it answers as the caller names it."""
    if content == PLAIN:
        return ""
    said = replace(content, media=None, quote=None).to_wire()
    file = "" if content.media is None else content.media.sha256
    named = body.file_name if isinstance(body, MediaBody) else None
    return json.dumps([content.type.value, said, file, named, body.reply_to], sort_keys=True)
